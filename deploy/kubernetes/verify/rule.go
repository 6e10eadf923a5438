package verify

import "strings"

//go:generate go test -run ^(TestPrometheusRule|TestChartReadme|TestChartSchema)$ -update .

const ruleHead = `# Generated from alerts/redis_sentinel.rules.yml (go generate); do not edit. A
# PrometheusRule has the rules within itself, and kustomize cannot put a plain file
# there.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: redis-sentinel
spec:
`

// prometheusRule makes a file of rules what the Prometheus Operator takes.
func prometheusRule(rules string) string {
	var b strings.Builder
	b.WriteString(ruleHead)
	for line := range strings.Lines(rules) {
		if strings.TrimSpace(line) != "" {
			b.WriteString("  ")
		}
		b.WriteString(line)
	}
	return b.String()
}
