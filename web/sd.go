package web

import (
	"fmt"
	"net/http"
	"net/url"
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
	// roleDeployment is the named deployments themselves, each to be scraped.
	roleDeployment = "deployment"
)

// sd is the handler of Prometheus's HTTP service discovery. Prometheus drops the targets
// that are not in an answer, and keeps them after an error. So if a part is unknown, the
// answer is an error, not an incomplete list.
type sd struct {
	found    *deployments
	external *url.URL // of the exporter; nil for the address that a request comes to
}

// A targetGroup is one element of the array that Prometheus expects.
type targetGroup struct {
	Targets []string `json:"targets"`
	Labels  sdLabels `json:"labels"`
}

type sdLabels struct {
	Deployment string `json:"__meta_redis_sentinel_deployment,omitempty"`
	Master     string `json:"__meta_redis_sentinel_master_name"`
	Role       string `json:"__meta_redis_sentinel_role"`
	Healthy    string `json:"__meta_redis_sentinel_healthy"`
}

// ServeHTTP answers with one group for each node.
func (h *sd) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query, err := parseSDQuery(r.URL.RawQuery)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	switch {
	case query.role == roleDeployment:
		h.deployments(w, r)
	case query.deployment || h.found.fleet == nil || h.found.fleet.Size() == 0:
		h.found.page(func(q querier) http.Handler { return &sdOfOne{query, q} }).ServeHTTP(w, r)
	default:
		h.all(w, r, query)
	}
}

// An sdOfOne answers with the nodes of one deployment.
type sdOfOne struct {
	query   sdQuery
	querier querier
}

// ServeHTTP asks the Sentinels.
func (h *sdOfOne) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	targets, status, err := h.targets(w, r)
	switch {
	case err != nil:
		http.Error(w, err.Error(), status)
	case targets != nil:
		writeJSON(w, status, targets)
	}
}

// targets returns the targets; nil without an error means that the client has gone.
func (h *sdOfOne) targets(w http.ResponseWriter, r *http.Request) (targets []targetGroup, status int, err error) {
	snapshots, waiting := h.querier.ask(w, r)
	if !waiting {
		return nil, 0, nil
	}
	if err := deployment.Unanswered(snapshots); err != nil {
		return nil, http.StatusServiceUnavailable, err
	}
	return h.query.targets(h.querier.deployment.Name(), deployment.MergedMasters(snapshots))
}

// An sdQuery is the query of /sd.
type sdQuery struct {
	role   string
	master string
	named  bool // only that master, whose name may be empty
	// deployment is whether one is named; without it the query is about all.
	deployment bool
}

func parseSDQuery(raw string) (sdQuery, error) {
	values, err := parseQuery(raw, nil, "role", "master", deploymentParameter)
	if err != nil {
		return sdQuery{}, err
	}
	q := sdQuery{role: roleRedis, master: values.Get("master"), named: values.Has("master"), deployment: values.Has(deploymentParameter)}
	if values.Has("role") {
		q.role = values.Get("role")
	}
	roles := []string{roleMaster, roleReplica, roleRedis, roleSentinel, roleDeployment}
	if !slices.Contains(roles, q.role) {
		return sdQuery{}, fmt.Errorf("there is no role %q: the roles are %s", q.role, strings.Join(roles, ", "))
	}
	if q.role == roleDeployment && (q.named || q.deployment) {
		return sdQuery{}, fmt.Errorf("the role %s is about all deployments: it has no other parameter", roleDeployment)
	}
	return q, nil
}

// targets returns the targets that the query asks for. status is the HTTP status for the
// answer or the error.
func (q sdQuery) targets(of string, masters []deployment.MergedMaster) (targets []targetGroup, status int, err error) {
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
			targets = appendTargets(targets, of, m.Name, roleMaster, m.Master)
		}
		if q.role == roleReplica || q.role == roleRedis {
			targets = appendTargets(targets, of, m.Name, roleReplica, m.Replicas...)
		}
		if q.role == roleSentinel {
			targets = appendTargets(targets, of, m.Name, roleSentinel, m.Sentinels...)
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

func appendTargets(targets []targetGroup, of, master, role string, nodes ...deployment.Node) []targetGroup {
	for _, n := range nodes {
		targets = append(targets, targetGroup{
			Targets: []string{sentinel.ValidUTF8(n.Addr)},
			Labels: sdLabels{
				Deployment: of,
				Master:     sentinel.ValidUTF8(master),
				Role:       role,
				Healthy:    strconv.FormatBool(n.Healthy),
			},
		})
	}
	return targets
}
