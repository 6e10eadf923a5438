package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"redis_sentinel_exporter/fleet"
)

// deploymentParameter names the deployment that a request is about.
const deploymentParameter = "deployment"

// deployments finds the deployment that a request is about.
type deployments struct {
	unnamed *fleet.Deployment // nil if --sentinel.address is not given
	fleet   *fleet.Fleet      // nil if there are no named ones
	timeout time.Duration     // for the Sentinels to answer
}

// page returns a handler for a page about one deployment. For each request, of is called with
// the querier of the deployment that the parameter names, or of the one without a name.
func (d *deployments) page(of func(querier) http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		one, release, err := d.of(r)
		if err != nil {
			status := http.StatusNotFound
			if request, ok := errors.AsType[*requestError](err); ok {
				status = request.status
			}
			http.Error(w, err.Error(), status)
			return
		}
		defer release()
		of(querier{one, one.Limit(d.timeout)}).ServeHTTP(w, r)
	})
}

// of returns the deployment that a request is about. The caller must release it.
func (d *deployments) of(r *http.Request) (one *fleet.Deployment, release func(), err error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, nil, badRequest("the query cannot be read: %w", err)
	}
	names := values[deploymentParameter]
	switch {
	case len(names) > 1:
		return nil, nil, badRequest("the parameter %q is given %d times", deploymentParameter, len(names))
	case len(names) == 1:
		return d.named(names[0])
	case d.unnamed == nil:
		return nil, nil, d.nothing()
	}
	return d.unnamed, func() {}, nil
}

// named returns the deployment with a name. The caller must release it.
func (d *deployments) named(name string) (*fleet.Deployment, func(), error) {
	if d.fleet == nil {
		return nil, nil, fmt.Errorf("there is no deployment named %q: there is no --config.file with names", name)
	}
	return d.fleet.Acquire(name)
}

// nothing says why there is no deployment without a name, and what to ask instead.
func (d *deployments) nothing() error {
	if d.fleet != nil && d.fleet.Size() > 0 {
		return errors.New("name one of the deployments with ?" + deploymentParameter + "=NAME; " + fleetPath + " has a list of them")
	}
	return errors.New(noDeployment) //nolint:staticcheck // a sentence: it is the whole answer
}
