package fleet

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"redis_sentinel_exporter/sentinel"
)

// A mark is something that only one deployment can have: the id of a Sentinel, the run id of
// a data node, or a replication id.
type mark struct {
	kind  markKind
	id    string
	about string // the address that has it, where there is one
}

type markKind int

const (
	sentinelMark markKind = iota
	nodeMark
	replicationMark
)

// unsetID is the replication id of a node that has none yet.
const unsetID = "0000000000000000000000000000000000000000"

// marksOf returns the marks in the snapshots, sorted, each once.
func marksOf(snapshots []*sentinel.Snapshot) []mark {
	seen := make(map[mark]string)
	note := func(kind markKind, id, about string) {
		if id == "" || id == unsetID {
			return
		}
		key := mark{kind: kind, id: id}
		if old, known := seen[key]; !known || about < old {
			seen[key] = about
		}
	}
	for _, s := range snapshots {
		note(sentinelMark, s.ID, s.Sentinel)
		for i := range s.Masters {
			m := &s.Masters[i]
			note(nodeMark, m.RunID, m.Addr)
			for j := range m.Replicas {
				note(nodeMark, m.Replicas[j].RunID, m.Replicas[j].Addr)
			}
			for j := range m.Cache {
				note(replicationMark, m.Cache[j].ReplicationID, "")
			}
		}
	}
	marks := make([]mark, 0, len(seen))
	for key, about := range seen {
		marks = append(marks, mark{key.kind, strings.Clone(key.id), strings.Clone(about)})
	}
	slices.SortFunc(marks, func(a, b mark) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.id, b.id)) })
	return marks
}

// A Shared is what a deployment has in common with another one, which is a mistake: the wrong
// REPLICAOF, MONITOR or configuration.
type Shared struct {
	// With is the name of the other deployment.
	With string `json:"with"`
	// Message says what both have.
	Message string `json:"message"`
}

// sharedBy returns what each of the deployments shares with each other one, by its name.
func sharedBy(memories map[string]memory) map[string][]Shared {
	type key struct {
		kind markKind
		id   string
	}
	owners := make(map[key][]string)
	for name, m := range memories {
		for _, one := range m.marks {
			owners[key{one.kind, one.id}] = append(owners[key{one.kind, one.id}], name)
		}
	}
	pairs := make(map[string]map[string][]mark) // what one shares with another
	for name, m := range memories {
		for _, one := range m.marks {
			for _, other := range owners[key{one.kind, one.id}] {
				if other == name {
					continue
				}
				if pairs[name] == nil {
					pairs[name] = make(map[string][]mark)
				}
				pairs[name][other] = append(pairs[name][other], one)
			}
		}
	}
	shared := make(map[string][]Shared)
	for name, others := range pairs {
		for _, other := range slices.Sorted(maps.Keys(others)) {
			shared[name] = append(shared[name], Shared{With: other, Message: sharedText(other, others[other])})
		}
	}
	return shared
}

// mostNamed is how many Sentinels or nodes a message names.
const mostNamed = 3

func sharedText(other string, marks []mark) string {
	var sentinels, nodes []string
	replication := 0
	for _, m := range marks {
		switch m.kind {
		case sentinelMark:
			sentinels = append(sentinels, m.about)
		case nodeMark:
			nodes = append(nodes, m.about)
		case replicationMark:
			replication++
		}
	}
	var parts []string
	if len(nodes) > 0 {
		parts = append(parts, "the data node "+few(nodes))
	}
	if len(sentinels) > 0 {
		parts = append(parts, "the Sentinel "+few(sentinels))
	}
	if len(parts) == 0 && replication > 0 {
		parts = append(parts, "the replication id "+marks[0].id)
	}
	return fmt.Sprintf("%s is also in the deployment %s", strings.Join(parts, ", and "), other)
}

func few(names []string) string {
	slices.Sort(names)
	if more := len(names) - mostNamed; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:mostNamed], ", "), more)
	}
	return strings.Join(names, ", ")
}
