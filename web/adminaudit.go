package web

import (
	"cmp"
	"log/slog"
	"net/http"
	"strings"

	"redis_sentinel_exporter/admin"
)

// audit logs a call in one line: who asked for what, and the result. Passwords are shown as
// ******.
func (a *adminAPI) audit(r *http.Request, call *adminCall, answer *admin.OperationResult, status int, result string) {
	level := slog.LevelInfo
	if status != http.StatusOK {
		level = slog.LevelWarn
	}
	attrs := []slog.Attr{
		slog.String("who", call.who), slog.String("from", r.RemoteAddr),
		slog.String("action", string(call.Action)), slog.String("master", call.Master),
		slog.Bool("dry_run", call.DryRun), slog.Bool("force", call.Force),
		slog.String("result", result), slog.Int("status", status), slog.Float64("seconds", answer.Seconds),
	}
	if call.deployment != "" {
		attrs = append(attrs, slog.String("deployment", call.deployment))
	}
	if what := whatOf(&call.Operation); what != "" {
		attrs = append(attrs, slog.String("what", what))
	}
	if way := cmp.Or(answer.Way, call.Way); way != "" {
		attrs = append(attrs, slog.String("way", string(way)))
	}
	var done, failed []string
	for _, one := range answer.Results {
		if one.OK {
			done = append(done, one.Sentinel)
		} else {
			failed = append(failed, one.Sentinel+" ("+one.Error+")")
		}
	}
	attrs = append(attrs, slog.String("sentinels_done", strings.Join(done, ",")), slog.String("sentinels_failed", strings.Join(failed, ",")))
	if answer.Error != "" {
		attrs = append(attrs, slog.String("err", answer.Error))
	}
	a.logger.LogAttrs(r.Context(), level, "Admin call", attrs...)
}

// whatOf returns the address and the settings of an operation.
func whatOf(op *admin.Operation) string {
	var words []string
	if op.Address != "" {
		words = append(words, op.Address)
	}
	for _, o := range op.Settings {
		words = append(words, o.String())
	}
	return strings.Join(words, ", ")
}
