package health

import (
	"fmt"
	"io"
	"strings"
)

//go:generate go test -run ^TestDocs$ -update .

const docsIntro = `# Checks

Generated from the table of the package health (` + "`go generate ./health`" + `); do not edit.

What is wrong is a finding, either on one master or on the deployment as a whole.
` + "`/health`, `/status` and `redis_sentinel_exporter check`" + ` show all findings with the
commands that help. ` + "`redis_sentinel_deployment_check_status`" + ` has a series for every
check that is not ok: 1 for a warning, 2 for critical, and 3 where nobody who answered can
tell. When it is ok again it is 0 for five minutes, and then gone. Those that alerts name
are always there, and so is ` + "`redis_sentinel_deployment_master_health`" + `.

One cause is one finding first. A finding that would not be there without others names them
in ` + "`follows_from`" + `, by check, master, Sentinel and node. The summary names the cause and
counts causes; ` + "`check` and `/status`" + ` show what follows from it indented under it. In the JSON
` + "`commands`" + ` end the finding, one after the other; those in ` + "`look`" + ` change nothing.

A start, a failover and the seconds after them are not faults. Who is down, and how many
Sentinels are usable, may be wrong where only Sentinels say so that have run for less than
down-after: the finding says so, and is a warning at most. The down flags of a Sentinel in TILT are ignored.
`

// WriteDocs writes a page on all checks, in Markdown.
func WriteDocs(w io.Writer) error {
	var b strings.Builder
	b.WriteString(docsIntro)
	for _, perMaster := range []bool{false, true} {
		title := "On the deployment"
		if perMaster {
			title = "On each master"
		}
		fmt.Fprintf(&b, "\n## %s\n", title)
		for _, c := range Checks() {
			if c.PerMaster == perMaster {
				fmt.Fprintf(&b, "\n### %s\n\n**%s.** %s\n\n*Seen as:* %s\n\n*Often mistaken for:* %s\n\n*What to do:* %s\n", c.Name, c.Severity, c.Meaning, c.Seen.As, c.Seen.MistakenFor, c.Advice)
				if c.Alert != "" {
					fmt.Fprintf(&b, "\n*Alert:* [%s](../alerts/runbooks/%s.md)\n", c.Alert, c.Alert)
				}
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
