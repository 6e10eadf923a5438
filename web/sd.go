package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// The roles that service discovery can be asked for.
const (
	roleMaster   = "master"
	roleReplica  = "replica"
	roleRedis    = "redis" // masters and replicas
	roleSentinel = "sentinel"
)

// sd is the handler of Prometheus's HTTP service discovery. Prometheus drops the targets
// that are not in an answer, and keeps them after an error. So if a part is unknown, the
// answer is an error, not an incomplete list.
type sd struct{ querier querier }

// A targetGroup is one element of the array that Prometheus expects.
type targetGroup struct {
	Targets []string `json:"targets"`
	Labels  sdLabels `json:"labels"`
}

type sdLabels struct {
	Master  string `json:"__meta_redis_sentinel_master_name"`
	Role    string `json:"__meta_redis_sentinel_role"`
	Healthy string `json:"__meta_redis_sentinel_healthy"`
}

// ServeHTTP answers with one group for each node.
func (h *sd) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query, err := parseSDQuery(r.URL.RawQuery)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	snapshots, waiting := h.querier.ask(w, r)
	if !waiting {
		return
	}
	if err := deployment.Unanswered(snapshots); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	targets, status, err := query.targets(deployment.MergedMasters(snapshots))
	if err != nil {
		http.Error(w, err.Error(), status)
		return
	}
	writeJSON(w, status, targets)
}

// An sdQuery is the query of /sd.
type sdQuery struct {
	role   string
	master string
	named  bool // only that master, whose name may be empty
}

func parseSDQuery(raw string) (sdQuery, error) {
	values, err := parseQuery(raw, nil, "role", "master")
	if err != nil {
		return sdQuery{}, err
	}
	q := sdQuery{role: roleRedis, master: values.Get("master"), named: values.Has("master")}
	if values.Has("role") {
		q.role = values.Get("role")
	}
	roles := []string{roleMaster, roleReplica, roleRedis, roleSentinel}
	if !slices.Contains(roles, q.role) {
		return sdQuery{}, fmt.Errorf("there is no role %q: the roles are %s", q.role, strings.Join(roles, ", "))
	}
	return q, nil
}

// targets returns the targets that the query asks for. status is the HTTP status for the
// answer or the error.
func (q sdQuery) targets(masters []deployment.MergedMaster) (targets []targetGroup, status int, err error) {
	targets = []targetGroup{} // Prometheus does not accept null
	found := false
	for i := range masters {
		m := &masters[i]
		if q.named && m.Name != q.master {
			continue
		}
		found = true
		if err := q.unknown(m); err != nil {
			return nil, http.StatusServiceUnavailable, err
		}
		if q.role == roleMaster || q.role == roleRedis {
			targets = appendTargets(targets, m.Name, roleMaster, m.Master)
		}
		if q.role == roleReplica || q.role == roleRedis {
			targets = appendTargets(targets, m.Name, roleReplica, m.Replicas...)
		}
		if q.role == roleSentinel {
			targets = appendTargets(targets, m.Name, roleSentinel, m.Sentinels...)
		}
	}
	if q.named && !found {
		return nil, http.StatusNotFound, fmt.Errorf("no Sentinel that has answered monitors a master %q", q.master)
	}
	return targets, http.StatusOK, nil
}

// unknown returns an error if the group does not have what the query asks for.
func (q sdQuery) unknown(m *deployment.MergedMaster) error {
	switch {
	case q.role != roleSentinel && q.role != roleReplica && m.MasterErr != nil:
		return fmt.Errorf("the address of master %q is not known: %w", m.Name, m.MasterErr)
	case q.role == roleSentinel && m.SentinelsErr != nil:
		return fmt.Errorf("the Sentinels of master %q are not known: %w", m.Name, m.SentinelsErr)
	case (q.role == roleReplica || q.role == roleRedis) && m.ReplicasErr != nil:
		return fmt.Errorf("the replicas of master %q are not known: %w", m.Name, m.ReplicasErr)
	}
	return nil
}

func appendTargets(targets []targetGroup, master, role string, nodes ...deployment.Node) []targetGroup {
	for _, n := range nodes {
		targets = append(targets, targetGroup{
			Targets: []string{sentinel.ValidUTF8(n.Addr)},
			Labels: sdLabels{
				Master:  sentinel.ValidUTF8(master),
				Role:    role,
				Healthy: strconv.FormatBool(n.Healthy),
			},
		})
	}
	return targets
}
