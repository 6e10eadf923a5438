#!/usr/bin/env bash
# kustomize: sigs.k8s.io/kustomize/api 0.21.1 with kyaml 0.21.1.
#
# Guess: labels with includeSelectors mark one's own objects, and the selectors that find one's
#   own pods. Whom a NetworkPolicy lets in is somebody else, such as Prometheus, and stays as it is written.
# Really: the labels are also written into the matchLabels of ingress.from and egress.to, over a
#   label of the same name. A policy that lets in app.kubernetes.io/name: prometheus lets in only
#   pods of the application itself. Nothing warns. matchExpressions are left alone.
# Consequence: with a network plugin that enforces policies Prometheus cannot scrape the exporter,
#   and without one it is not seen. Write whom to let in as matchExpressions, or set the labels
#   without includeSelectors.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

command -v go >/dev/null || { echo "This takes go" >&2; exit 2; }
mkdir go manifests
cat >go/main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

func main() {
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	text, err := built.AsYaml()
	fmt.Print(string(text))
	if err != nil {
		os.Exit(1)
	}
}
GO
(
	cd go
	go mod init finding
	go get sigs.k8s.io/kustomize/api@v0.21.1 sigs.k8s.io/kustomize/kyaml@v0.21.1
	go mod tidy
	CGO_ENABLED=0 go build -o ../kustomize .
) >go.log 2>&1 || { cat go.log >&2; exit 2; }
cat >manifests/kustomization.yaml <<'YAML'
labels: [{pairs: {app: exporter}, includeSelectors: true}]
resources: [policy.yaml]
YAML
policy() {
	cat >manifests/policy.yaml <<YAML
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: exporter}
spec:
  podSelector: {}
  ingress: [{from: [{podSelector: {$1}}]}]
YAML
	./kustomize manifests | sed -n '/- podSelector:/,/^  podSelector:/p' | sed '1d;$d' | tr -s ' \n' ' '
}
expect 'whom a policy lets in that names prometheus by matchLabels' "$(policy 'matchLabels: {app: prometheus}')" ' matchLabels: app: exporter '
expect 'whom one lets in that does by matchExpressions' "$(policy 'matchExpressions: [{key: app, operator: In, values: [prometheus]}]')" \
	' matchExpressions: - key: app operator: In values: - prometheus '
