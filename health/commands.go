package health

import (
	"fmt"
	"net"
	"strings"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/internal/printable"
	"redis_sentinel_exporter/sentinel"
)

// onSentinel returns the command line that sends a command to a Sentinel.
func onSentinel(s *sentinel.Snapshot, words ...string) string { return redisCLI(s.Sentinel, words...) }

// onEach returns such a line for each of several Sentinels.
func onEach(views []deployment.View, words ...string) []string {
	lines := make([]string, len(views))
	for i, v := range views {
		lines[i] = onSentinel(v.Snapshot, words...)
	}
	return lines
}

// resetOn returns the command line that resets a master on some Sentinels, one after the
// other: reset all at once, they would forget each other.
func resetOn(master string, views []deployment.View) string {
	return onAll("reset", master, views)
}

// resetAt returns the command line that resets a master on one Sentinel.
func resetAt(master string, s *sentinel.Snapshot) string {
	return "redis_sentinel_exporter reset " + quote(master) + " --sentinel.address=" + quote(s.Sentinel)
}

// monitorAt returns the command lines that make a Sentinel monitor a master as another one
// does, except for the settings that no Sentinel shows, such as auth-pass.
func monitorAt(s *sentinel.Snapshot, m *sentinel.Master) []string {
	words := []string{"SENTINEL", "SET", m.Name}
	for _, setting := range sentinel.Settings() {
		if n := setting.Read(m); n.Present && setting.Name != sentinel.SettingQuorum {
			words = append(words, setting.Name, fmt.Sprint(n.Value))
		}
	}
	lines := []string{onSentinel(s, "SENTINEL", "MONITOR", m.Name, m.Host, m.Port, fmt.Sprint(m.Quorum.Value))}
	if len(words) > 3 {
		lines = append(lines, onSentinel(s, words...))
	}
	return lines
}

// failoverOn returns the command line for a manual failover, which needs no agreement of
// the Sentinels.
func failoverOn(master string, views []deployment.View) string {
	return onAll("failover", master, views)
}

// onAll is the command line of this program that changes a master on some Sentinels. A name
// that looks like a flag comes after the flags.
func onAll(command, master string, views []deployment.View) string {
	name, flag := quote(master), "--sentinel.address="+quote(strings.Join(addresses(views), ","))
	if strings.HasPrefix(master, "-") {
		name, flag = flag, "-- "+name
	}
	return "redis_sentinel_exporter " + command + " " + name + " " + flag
}

// redisCLI returns the shell command that sends a command to the node at addr.
func redisCLI(addr string, words ...string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		host, port = addr, "?"
	}
	if host == "" {
		host = "HOST" // its name does not resolve: for the reader to fill in
	}
	parts := []string{"redis-cli", "-h", quote(host), "-p", quote(port)}
	for _, word := range words {
		parts = append(parts, quote(word))
	}
	return strings.Join(parts, " ")
}

// quote makes a word safe to paste into a shell: the name of a master may hold
// any bytes.
func quote(word string) string { return printable.Quote(word) }
