package health

import (
	"fmt"
	"slices"
	"strings"

	"redis_sentinel_exporter/sentinel"
)

// byAddress groups the views by the address that clients are given, those with
// the highest epoch first.
func (m *master) byAddress() [][]view {
	var groups [][]view
	for _, v := range m.views {
		i := slices.IndexFunc(groups, func(g []view) bool { return g[0].Advertised() == v.Advertised() })
		if i < 0 {
			i = len(groups)
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], v)
	}
	slices.SortStableFunc(groups, func(a, b []view) int {
		if d := epochOf(b) - epochOf(a); d != 0 {
			return int(d)
		}
		return len(b) - len(a)
	})
	return groups
}

func epochOf(group []view) int64 {
	var highest int64
	for _, v := range group {
		highest = max(highest, v.ConfigEpoch.Value)
	}
	return highest
}

// masterDisagreement holds differing addresses against the deployment only at
// rest: the hello that tells the others of a failover takes up to some seconds.
func masterDisagreement(m *master) outcome {
	groups := m.byAddress()
	if len(groups) < 2 || m.failingNow {
		return fine()
	}
	for _, group := range groups {
		if slices.ContainsFunc(group, view.young) {
			return fine()
		}
	}
	stories := make([]string, len(groups))
	for i, group := range groups {
		stories[i] = fmt.Sprintf("%s with epoch %d (%s)", group[0].Advertised(), epochOf(group), strings.Join(addresses(group), ", "))
	}
	f := Finding{Severity: Critical, Commands: onEach(m.views, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", m.name)}
	f.Message = fmt.Sprintf("the Sentinels give clients %d different masters: %s", len(groups), list(stories))
	if epochOf(groups[0]) == epochOf(groups[1]) {
		f.Message += "; the epochs are equal, so this never heals by itself"
		f.Commands = append(f.Commands, m.rejoin(groups)...)
	} else {
		f.Message += "; the lower epoch is out of date"
		f.Hint = "The Sentinel with the lower epoch does not hear the hellos of the others: fix its network. If it hears them and nothing changes, REMOVE the name there and MONITOR it again."
	}
	o := outcome{}
	o.add(f, m.views...)
	return o
}

// rejoin is how those that differ from the most of them follow these.
func (m *master) rejoin(groups [][]view) []string {
	right := groups[0][0]
	var lines []string
	for _, group := range groups[1:] {
		for _, v := range group {
			lines = append(lines, onSentinel(v.snapshot, "SENTINEL", "REMOVE", m.name),
				onSentinel(v.snapshot, "SENTINEL", "MONITOR", m.name, right.Host, right.Port, fmt.Sprint(right.Quorum.Value)))
		}
	}
	return lines
}

func epochDisagreement(m *master) outcome {
	var o outcome
	if m.failingNow || slices.ContainsFunc(m.views, view.young) {
		return o
	}
	for _, group := range m.byAddress() {
		highest := epochOf(group)
		behind := slices.DeleteFunc(slices.Clone(group), func(v view) bool { return !v.ConfigEpoch.Present || v.ConfigEpoch.Value == highest })
		for _, v := range behind {
			o.add(Finding{
				Severity: Warning, Sentinel: v.snapshot.Sentinel,
				Message: fmt.Sprintf("Sentinel %s has epoch %d for the master %s, others have %d: it has missed a failover",
					v.snapshot.Sentinel, v.ConfigEpoch.Value, v.Addr, highest),
				Commands: []string{onSentinel(v.snapshot, "SENTINEL", "MASTER", m.name)},
			}, v)
		}
	}
	return o
}

func settingsDrift(m *master) outcome {
	var o outcome
	for _, s := range sentinel.Settings() {
		byValue := make(map[int64][]view)
		var values []int64
		for _, v := range m.views {
			n := s.Read(v.Master)
			if !n.Present {
				continue
			}
			if byValue[n.Value] == nil {
				values = append(values, n.Value)
			}
			byValue[n.Value] = append(byValue[n.Value], v)
		}
		if len(values) > 1 {
			o.add(drifted(m, s.Name, values, byValue))
		}
	}
	return o
}

// drifted names who has which value; the one that most have comes first.
func drifted(m *master, name string, values []int64, byValue map[int64][]view) Finding {
	slices.SortStableFunc(values, func(a, b int64) int { return len(byValue[b]) - len(byValue[a]) })
	f := Finding{Severity: Warning}
	stories := make([]string, len(values))
	for i, value := range values {
		stories[i] = fmt.Sprintf("%d at %s", value, strings.Join(addresses(byValue[value]), ", "))
		if i > 0 {
			f.Commands = append(f.Commands, onEach(byValue[value], "SENTINEL", "SET", m.name, name, fmt.Sprint(values[0]))...)
		}
	}
	f.Message = fmt.Sprintf("%s is %s", name, list(stories))
	return f
}
