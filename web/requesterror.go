package web

import (
	"fmt"
	"net/http"
)

// A requestError is an error in a request, with the HTTP status for it.
type requestError struct {
	status int
	err    error
}

// Error implements error.
func (e *requestError) Error() string { return e.err.Error() }

// Unwrap returns the reason.
func (e *requestError) Unwrap() error { return e.err }

func badRequest(format string, args ...any) error {
	return &requestError{http.StatusBadRequest, fmt.Errorf(format, args...)}
}
