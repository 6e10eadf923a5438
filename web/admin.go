package web

import (
	"context"
	"log/slog"
	"net/http"
	"sync"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/fleet"
)

// An adminRoute is the method and path of an action.
type adminRoute struct {
	method, path string
	action       admin.Action
}

func adminRoutes() []adminRoute {
	var routes []adminRoute
	for _, deployment := range []string{"/api/v1", "/api/v1/deployments/{deployment}"} {
		master := deployment + "/masters/{name}"
		routes = append(routes,
			adminRoute{http.MethodPost, master + "/failover", admin.Failover},
			adminRoute{http.MethodPost, master + "/reset", admin.Reset},
			adminRoute{http.MethodPatch, master, admin.Set},
			adminRoute{http.MethodPut, master, admin.Monitor},
			adminRoute{http.MethodDelete, master, admin.Remove},
			adminRoute{http.MethodPost, deployment + "/flush-config", admin.FlushConfig},
		)
	}
	return routes
}

// An adminAPI serves the endpoints that change something.
type adminAPI struct {
	operator   *admin.Operator // nil if there is no deployment without a name
	fleet      *fleet.Fleet    // nil if there are no named ones
	configFile string          // the listener's web configuration
	requests   *AdminRequests
	stop       <-chan struct{}
	origin     *http.CrossOriginProtection
	logger     *slog.Logger
}

// NewAdminHandler returns the handler of the admin listener, which counts its calls in
// requests. Each request checks again that configFile, the web configuration of the
// listener, requires authentication. When stop is closed, operations under way begin no
// further step. They do not stop when the client goes away: half an operation may be worse
// than all or nothing.
func NewAdminHandler(
	operator *admin.Operator, named *fleet.Fleet, configFile string, requests *AdminRequests, stop <-chan struct{}, logger *slog.Logger,
) http.Handler {
	api := &adminAPI{operator, named, configFile, requests, stop, http.NewCrossOriginProtection(), logger}
	mux := http.NewServeMux()
	for _, route := range adminRoutes() {
		mux.Handle(route.method+" "+route.path, api.on(route.action))
	}
	return unsniffed(mux)
}

// An adminCall is an operation and the user who asks for it.
type adminCall struct {
	admin.Operation
	who        string // empty until authenticated
	deployment string // empty for the one without a name
}

// on returns the handler of one action.
func (a *adminAPI) on(action admin.Action) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		call := adminCall{Operation: admin.Operation{Action: action, Master: r.PathValue("name")}, deployment: r.PathValue(deploymentParameter)}
		answer, err := a.do(w, r, &call)
		status, result := resultOf(answer, err)
		if answer == nil {
			answer = refusal(&call.Operation, err)
		}
		a.requests.add(action, result)
		a.audit(r, &call, answer, status, result)
		setWriteDeadline(w, 0)
		writeJSON(w, status, answer)
	})
}

// do carries out a request. It fills in call as far as it gets, for the log.
func (a *adminAPI) do(w http.ResponseWriter, r *http.Request, call *adminCall) (answer *admin.OperationResult, err error) {
	if call.who, err = authenticate(a.configFile, r); err != nil {
		return nil, &requestError{http.StatusForbidden, err}
	}
	if err := a.origin.Check(r); err != nil {
		return nil, &requestError{http.StatusForbidden, err}
	}
	if err := readOperation(w, r, &call.Operation); err != nil {
		return nil, err
	}
	operator, release, err := a.operatorOf(call.deployment)
	if err != nil {
		return nil, err
	}
	defer release()
	ctx, end := a.untilStop(r.Context())
	defer end()
	return operator.Do(ctx, call.Operation, func(text string) { a.logger.Debug("Admin progress", "action", call.Action, "text", text) })
}

// operatorOf returns the operator of a deployment. The caller must release it.
func (a *adminAPI) operatorOf(name string) (operator *admin.Operator, release func(), err error) {
	if name == "" {
		if a.operator == nil {
			return nil, nil, badRequest("there is no deployment without a name: call /api/v1/deployments/NAME/...")
		}
		return a.operator, func() {}, nil
	}
	found := &deployments{fleet: a.fleet}
	d, release, err := found.named(name)
	if err != nil {
		return nil, nil, &requestError{http.StatusNotFound, err}
	}
	return d.Operator(), release, nil
}

// untilStop returns a context that ends when a.stop is closed, not when the client goes
// away. The caller must call end.
func (a *adminAPI) untilStop(ctx context.Context) (_ context.Context, end func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	wg.Go(func() {
		select {
		case <-a.stop:
			cancel()
		case <-ctx.Done():
		}
	})
	return ctx, func() {
		cancel()
		wg.Wait()
	}
}
