package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// signsPerWatchdog is how many signs of life there are in the time within which systemd wants
// one: one of them may be late, or lost.
const signsPerWatchdog = 3

// A service is the program as systemd sees it. Where systemd does not want to be told anything,
// as the environment says, it is told nothing.
type service struct {
	handler http.Handler
	every   time.Duration // between two signs of life; 0 for none
	logger  *slog.Logger
}

func newService(handler http.Handler, logger *slog.Logger) (*service, error) {
	within, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return nil, fmt.Errorf("the watchdog of systemd: %w", err)
	}
	return &service{handler, within / signsPerWatchdog, logger}, nil
}

// run is called when all listeners are open. It tells systemd so, then that the program lives as
// long as it does, and that it stops when ctx ends.
func (s *service) run(ctx context.Context) {
	s.tell(daemon.SdNotifyReady)
	defer s.tell(daemon.SdNotifyStopping)
	if s.every == 0 {
		<-ctx.Done()
		return
	}
	tick := time.NewTicker(s.every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if s.lives(ctx) {
				s.tell(daemon.SdNotifyWatchdog)
			}
		}
	}
}

func (s *service) tell(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		s.logger.Warn("systemd could not be told", "state", state, "err", err)
	}
}

// lives reports whether the handler says that the exporter is healthy. It is asked within the
// process: on the way over the network stand passwords, certificates, and IPAddressDeny=.
func (s *service) lives(ctx context.Context) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "/-/healthy", nil)
	if err != nil {
		return false
	}
	answer := statusOnly{header: http.Header{}}
	s.handler.ServeHTTP(&answer, request)
	return answer.status == http.StatusOK
}

// statusOnly is an http.ResponseWriter that keeps nothing but the status of an answer.
type statusOnly struct {
	header http.Header
	status int // 0 until there is one
}

// Header implements http.ResponseWriter.
func (a *statusOnly) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *statusOnly) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

// Write implements http.ResponseWriter.
func (a *statusOnly) Write(body []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return len(body), nil
}
