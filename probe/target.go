package probe

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"redis_sentinel_exporter/sentinel"
)

const (
	defaultPort = "26379"
	// maxTargets bounds the Sentinels of one probe: a deployment has three, five or
	// seven.
	maxTargets = 64
)

// ParseTargets reads the targets of a probe, which are the Sentinels of one
// deployment, and returns their addresses in order. One value may hold several,
// with commas, since relabelling in Prometheus can set a parameter only once. The
// port is Sentinel's own where none is given.
func ParseTargets(values []string) ([]string, error) {
	var targets []string
	for _, value := range values {
		for text := range strings.SplitSeq(value, ",") {
			if text = strings.TrimSpace(text); text == "" {
				continue
			}
			target, err := sentinel.ParseAddress(withPort(text))
			if err != nil {
				return nil, fmt.Errorf("target: %w", err)
			}
			if slices.Contains(targets, target) {
				return nil, fmt.Errorf("target: %s is given twice", target)
			}
			if targets = append(targets, target); len(targets) > maxTargets {
				return nil, fmt.Errorf("target: more than %d Sentinels are given", maxTargets)
			}
		}
	}
	if len(targets) == 0 {
		return nil, errors.New("target: no Sentinel is given: write ?target=host:port, once for each Sentinel of the deployment")
	}
	slices.Sort(targets)
	return targets, nil
}

// withPort adds the default port to a host without one. What has colons and no
// brackets is left for the error to explain: it may be an address, or a part of it
// a port.
func withPort(text string) string {
	inBrackets := strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]")
	if inBrackets || !strings.Contains(text, ":") {
		return net.JoinHostPort(strings.Trim(text, "[]"), defaultPort)
	}
	return text
}

// Check says why the module may not ask one of the targets.
func (m *Module) Check(targets []string) error {
	for _, target := range targets {
		host, _, err := net.SplitHostPort(target)
		if err != nil {
			return fmt.Errorf("target: %w", err)
		}
		if err := m.AllowedTargets.Ask(host); err != nil {
			return fmt.Errorf("target: %w", err)
		}
	}
	return nil
}
