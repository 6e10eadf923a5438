package web

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/sentinel"
)

const (
	maxAdminBody     = 16 << 10
	adminBodyTimeout = 10 * time.Second
)

// readOperation fills in an operation from a request. Its errors contain no values from the
// body: they may be passwords.
func readOperation(w http.ResponseWriter, r *http.Request, op *admin.Operation) error {
	if err := readSwitches(r.URL.RawQuery, op); err != nil {
		return err
	}
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	switch op.Action {
	case admin.Set:
		op.Settings, err = readSettings(body)
		return err
	case admin.Monitor:
		return readTarget(body, op)
	default:
		return readNothing(body)
	}
}

// readSwitches reads dry_run, force, coordinated, fence and move from the query.
func readSwitches(raw string, op *admin.Operation) error {
	values, err := parseQuery(raw, nil, "dry_run", "force", "coordinated", "fence", "move")
	if err != nil {
		return badRequest("%w", err)
	}
	var coordinated, fence bool
	for name, into := range map[string]*bool{"dry_run": &op.DryRun, "force": &op.Force, "coordinated": &coordinated, "fence": &fence, "move": &op.Move} {
		switch value := values.Get(name); {
		case value == "true", value == "false":
			*into = value == "true"
		case values.Has(name):
			return badRequest("the parameter %q is true or false", name)
		}
	}
	switch {
	case coordinated && fence:
		return badRequest("coordinated and fence are given: a coordinated failover needs no fence")
	case fence:
		op.Way = admin.Fenced
	case coordinated:
		op.Way = admin.Coordinated
	case values.Has("coordinated"):
		op.Way = admin.Plain
	}
	return nil
}

// readBody returns the body; nil if it is empty. It must have the type of JSON and not be too
// large.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	// A writer without deadlines, such as a recorder in a test, needs none.
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(adminBodyTimeout))
	defer func() { _ = control.SetReadDeadline(time.Time{}) }()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAdminBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &requestError{http.StatusRequestEntityTooLarge, fmt.Errorf("the body is larger than %d bytes", maxAdminBody)}
	case err != nil:
		return nil, badRequest("the body cannot be read: %w", err)
	case len(body) == 0:
		return nil, nil
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, &requestError{http.StatusUnsupportedMediaType, errors.New("the body must be of the type application/json")}
	}
	return body, nil
}

// readNothing accepts only an empty body or an empty object.
func readNothing(body []byte) error {
	if body == nil {
		return nil
	}
	members, err := readObject(body)
	if err == nil && len(members) > 0 {
		err = badRequest("there is no %q: this takes an empty body", members[0].name)
	}
	return err
}

// readTarget reads the address, quorum and settings of a master to monitor.
func readTarget(body []byte, op *admin.Operation) error {
	members, err := readObject(body)
	if err != nil {
		return err
	}
	for _, m := range members {
		switch m.name {
		case "address":
			op.Address, err = asText(m)
		case "quorum":
			op.Quorum, err = asInt(m)
		case "set":
			op.Settings, err = readSettings(m.value)
		default:
			err = badRequest("there is no %q: there are address, quorum and set", m.name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readSettings reads options by their names, in the order in which they are given.
func readSettings(text []byte) ([]sentinel.Option, error) {
	members, err := readObject(text)
	if err != nil {
		return nil, err
	}
	var settings []sentinel.Option
	for _, m := range members {
		kind, err := admin.KindOf(m.name)
		if err != nil {
			return nil, err
		}
		o := sentinel.Option{Name: m.name}
		switch kind {
		case admin.Number:
			var n int
			n, err = asInt(m)
			o.Values = []string{strconv.Itoa(n)}
		case admin.Pair:
			o.Values, err = asPair(m)
		default:
			var word string
			word, err = asText(m)
			o.Values = []string{word}
		}
		if err != nil {
			return nil, err
		}
		settings = append(settings, o)
	}
	return settings, nil
}
