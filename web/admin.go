package web

import (
	"context"
	"log/slog"
	"net/http"
	"sync"

	"redis_sentinel_exporter/admin"
)

// An adminRoute is the method and path of an action.
type adminRoute struct {
	method, path string
	action       admin.Action
}

func adminRoutes() []adminRoute {
	const master = "/api/v1/masters/{name}"
	return []adminRoute{
		{http.MethodPost, master + "/failover", admin.Failover},
		{http.MethodPost, master + "/reset", admin.Reset},
		{http.MethodPatch, master, admin.Set},
		{http.MethodPut, master, admin.Monitor},
		{http.MethodDelete, master, admin.Remove},
		{http.MethodPost, "/api/v1/flush-config", admin.FlushConfig},
	}
}

// An adminAPI serves the endpoints that change something.
type adminAPI struct {
	operator   *admin.Operator
	configFile string // the listener's web configuration
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
	operator *admin.Operator, configFile string, requests *AdminRequests, stop <-chan struct{}, logger *slog.Logger,
) http.Handler {
	api := &adminAPI{operator, configFile, requests, stop, http.NewCrossOriginProtection(), logger}
	mux := http.NewServeMux()
	for _, route := range adminRoutes() {
		mux.Handle(route.method+" "+route.path, api.on(route.action))
	}
	return unsniffed(mux)
}

// An adminCall is an operation and the user who asks for it.
type adminCall struct {
	admin.Operation
	who string // empty until authenticated
}

// on returns the handler of one action.
func (a *adminAPI) on(action admin.Action) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		call := adminCall{Operation: admin.Operation{Action: action, Master: r.PathValue("name")}}
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
	ctx, end := a.untilStop(r.Context())
	defer end()
	return a.operator.Do(ctx, call.Operation, func(text string) { a.logger.Debug("Admin progress", "action", call.Action, "text", text) })
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
