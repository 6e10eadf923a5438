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
	// maxTargets is the maximum number of Sentinels in one probe. Real deployments have
	// three, five or seven.
	maxTargets = 64
)

// ParseTargets parses the targets of a probe, which are the Sentinels of one deployment, and
// returns their addresses, sorted. A value may contain several, separated by commas, because
// relabelling in Prometheus can set a parameter only once. The default port is 26379.
func ParseTargets(values []string) ([]string, error) {
	var targets []string
	for _, value := range values {
		for text := range strings.SplitSeq(value, ",") {
			if text = strings.TrimSpace(text); text == "" {
				continue
			}
			target, err := sentinel.ParseAddress(withPort(text))
			if errors.Is(err, sentinel.ErrCredentials) {
				return nil, fmt.Errorf("target: %w", err)
			}
			if err != nil {
				return nil, fmt.Errorf("target: %q: %w", text, err)
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

// withPort adds the default port to a host without one. It leaves a text with colons and
// without brackets as it is: if that is an IPv6 address, ParseAddress explains the error.
func withPort(text string) string {
	inBrackets := strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]")
	if inBrackets || !strings.Contains(text, ":") {
		return net.JoinHostPort(strings.Trim(text, "[]"), defaultPort)
	}
	return text
}

// Check returns an error if the module may not ask one of the targets.
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
