package faults

import "strings"

// renamed changes the id in a Sentinel's configuration, and leaves out what it
// says of a peer with the new one.
func renamed(conf, from, to string) string {
	var b strings.Builder
	for line := range strings.Lines(conf) {
		switch {
		case strings.HasPrefix(line, "sentinel known-sentinel "):
		case strings.HasPrefix(line, "sentinel myid "):
			b.WriteString(strings.Replace(line, from, to, 1))
		default:
			b.WriteString(line)
		}
	}
	return b.String()
}
