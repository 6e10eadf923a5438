// Package haproxy has a configuration of HAProxy that follows a master, and makes others of it.
package haproxy

import (
	_ "embed" // the configuration
	"fmt"
	"net"
	"strings"
)

//go:embed haproxy.cfg
var config string // read-only

// A Place is where HAProxy listens and what it talks to; all are HOST:PORT.
type Place struct {
	Write, Read string // for clients
	Checks      string // for its own checks
	Nodes       []string
	Exporters   []string // one, or two
}

// Config returns the configuration of haproxy.cfg for two or three nodes at another place.
func Config(p Place) (string, error) {
	if len(p.Nodes) < 2 || len(p.Nodes) > 3 || len(p.Exporters) < 1 || len(p.Exporters) > 2 {
		return "", fmt.Errorf("haproxy.cfg is for two or three nodes and one or two exporters, not for %d and %d", len(p.Nodes), len(p.Exporters))
	}
	_, port, err := net.SplitHostPort(p.Checks)
	if err != nil {
		return "", err
	}
	edits := []string{
		"bind :6379", "bind " + p.Write, "bind :6380", "bind " + p.Read, "127.0.0.1:9356", p.Checks, "port 9356", "port " + port,
		"exporter:9355", p.Exporters[0],
	}
	for i, node := range p.Nodes {
		edits = append(edits, fmt.Sprintf("redis-%d:6379", i), node)
	}
	if len(p.Nodes) < 3 {
		edits = append(edits, "  server redis-2:6379 redis-2:6379\n", "")
	}
	if len(p.Exporters) > 1 {
		edits = append(edits, "# server exporter-1 exporter-1:9355", "server exporter-1 "+p.Exporters[1])
	}
	return strings.NewReplacer(edits...).Replace(config), nil
}
