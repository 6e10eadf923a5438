package web

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/alecthomas/units"
	"github.com/prometheus/client_golang/prometheus"

	"redis_sentinel_exporter/fleet"
	"redis_sentinel_exporter/role"
	"redis_sentinel_exporter/sentinel"
)

const rolePath = "/role"

// graceHeader has how many seconds an answer holds that only the grace upholds.
const graceHeader = "Role-Grace-Seconds"

// roleHelp says how to ask.
const roleHelp = `Load balancers ask here. The answer is 200 for yes and 503 for no.

` + rolePath + `/master?master=NAME&node=HOST:PORT    may the node take writes?
` + rolePath + `/replica?master=NAME&node=HOST:PORT   may the node serve reads? Also: &max_lag=16MiB&max_link_down=10s
` + rolePath + `/sentinel?address=HOST:PORT           may clients be given this Sentinel? Also: &master=NAME

All take &deployment=NAME, a deployment of --config.file.
`

// rolePages returns the endpoints for load balancers by path, as functions for deployments.page.
func rolePages(checks *prometheus.CounterVec) map[string]func(querier) http.Handler {
	pages := make(map[string]func(querier) http.Handler)
	for _, asked := range []string{roleMaster, roleReplica, roleSentinel} {
		pages[rolePath+"/"+asked] = func(q querier) http.Handler { return &roleHandler{q.deployment.Roles, asked, checks} }
	}
	return pages
}

// withoutBody answers OPTIONS as next answers GET, without the body.
func withoutBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", "GET, HEAD, OPTIONS")
		next.ServeHTTP(headerWriter{w}, r)
	})
}

// A headerWriter drops the body.
type headerWriter struct{ http.ResponseWriter }

func (w headerWriter) Write(b []byte) (int, error) { return len(b), nil }

// A roleHandler is the handler of one of the endpoints for load balancers. It answers by the status;
// the body is for people and logs.
type roleHandler struct {
	judge  fleet.RoleJudge
	role   string
	checks *prometheus.CounterVec
}

// A roleAnswer is the body of an answer.
type roleAnswer struct {
	Role    string `json:"role"`
	Verdict string `json:"verdict"` // yes, no or unknown
	Reason  string `json:"reason"`
}

// ServeHTTP answers 200 for yes, 503 for no and unknown, 404 for a master that
// is not monitored.
func (h *roleHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := h.answer(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	h.checks.WithLabelValues(h.role, answer.Verdict.String()).Inc()
	status := http.StatusServiceUnavailable
	switch answer.Verdict {
	case role.Yes:
		status = http.StatusOK
	case role.NoMaster:
		status = http.StatusNotFound
	default:
	}
	if answer.Grace > 0 {
		w.Header().Set(graceHeader, strconv.FormatFloat(answer.Grace.Seconds(), 'f', 1, 64))
	}
	writeJSON(w, status, roleAnswer{h.role, answer.Verdict.String(), sentinel.ValidUTF8(answer.Reason) + "."})
}

// answer reads the question and answers it.
func (h *roleHandler) answer(r *http.Request) (role.Answer, error) {
	if h.role == roleSentinel {
		values, err := roleQuery(r, "address", "master")
		if err != nil {
			return role.Answer{}, err
		}
		var master *string
		if name := values.Get("master"); values.Has("master") {
			master = &name
		}
		return h.judge.Sentinel(r.Context(), values.Get("address"), master), nil
	}
	limits := role.Limits{MaxLag: -1}
	parameters := []string{"node", "master", "balancer"}
	if h.role == roleReplica {
		parameters = append(parameters, "max_lag", "max_link_down")
	}
	values, err := roleQuery(r, parameters...)
	if err != nil {
		return role.Answer{}, err
	}
	if !values.Has("master") {
		return role.Answer{}, errors.New("the parameter \"master\" is missing: the name of a master")
	}
	if values.Has("max_lag") {
		if limits.MaxLag, err = units.ParseStrictBytes(values.Get("max_lag")); err != nil || limits.MaxLag < 0 {
			return role.Answer{}, fmt.Errorf("max_lag: %q is not a number of bytes such as 1MiB", sentinel.ValidUTF8(values.Get("max_lag")))
		}
	}
	if values.Has("max_link_down") {
		if limits.MaxLinkDown, err = time.ParseDuration(values.Get("max_link_down")); err != nil || limits.MaxLinkDown < 0 {
			return role.Answer{}, fmt.Errorf("max_link_down: %q is not a time such as 10s", sentinel.ValidUTF8(values.Get("max_link_down")))
		}
	}
	c := role.Check{Master: values.Get("master"), Node: values.Get("node"), Balancer: asker(r, values), Named: values.Has("balancer")}
	if h.role == roleReplica {
		return h.judge.Replica(r.Context(), c, limits), nil
	}
	return h.judge.Master(r.Context(), c), nil
}

// maxRoleParameter is the longest value of a parameter in bytes: a host name with its port is shorter.
const maxRoleParameter = 1024

// roleQuery parses the query. The first parameter must be there, and is the one with the port.
func roleQuery(r *http.Request, parameters ...string) (url.Values, error) {
	values, err := parseQuery(r.URL.RawQuery, nil, append(parameters, deploymentParameter)...)
	if err != nil {
		return nil, err
	}
	if values.Get(parameters[0]) == "" {
		return nil, fmt.Errorf("the parameter %q is missing: HOST:PORT", parameters[0])
	}
	for name, value := range values {
		if len(value[0]) > maxRoleParameter {
			return nil, fmt.Errorf("the parameter %q is longer than %d bytes", name, maxRoleParameter)
		}
	}
	return values, nil
}

// asker says who asks: the host, and the name that it gives itself.
func asker(r *http.Request, values url.Values) string {
	return hostOf(r.RemoteAddr) + " " + values.Get("balancer")
}

// hostOf returns the host of an address.
func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return host
}
