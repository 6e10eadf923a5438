package collector

import (
	"fmt"
	"io"
	"strings"
)

//go:generate go test -run "^(TestDocs|TestScaleTable)$" -update .

const docsIntro = `# Metrics

Generated from the tables of the package collector (` + "`go generate ./collector`" + `); do not edit.

A value that a Sentinel does not tell gives no sample: what is absent is never 0,
except where the table says so. Ages are as Sentinel reports them, in seconds of
its own clock. The label ` + "`sentinel`" + ` is the address that was asked.
`

// WriteDocs writes a page on all metrics, in Markdown.
func WriteDocs(w io.Writer) error {
	var b strings.Builder
	b.WriteString(docsIntro)
	section := ""
	for _, d := range descriptions(tables(Options{Replicas: true, Peers: true, InfoCache: true, Events: true})) {
		if d.section != section {
			section = d.section
			fmt.Fprintf(&b, "\n## %s\n\n| name | type | labels | help |\n|---|---|---|---|\n", section)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", d.name, d.kind, docsLabels(d.labels), d.help)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func descriptions(tables []anyTable) []description {
	var all []description
	for _, g := range tables {
		all = append(all, g.describe()...)
	}
	return all
}

func docsLabels(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return "`" + strings.Join(names, "`, `") + "`"
}
