// A kube-apiserver, for the test that gives it what the chart and the manifests make. It is
// a module of its own: that of Kubernetes can be built only with its parts replaced, and is large.
package main

import (
	"os"

	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() { os.Exit(cli.Run(app.NewAPIServerCommand())) }
