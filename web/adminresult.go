package web

import (
	"errors"
	"net/http"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// resultOf returns the HTTP status for an answer or an error, and the result for the
// counter.
func resultOf(answer *admin.OperationResult, err error) (status int, result string) {
	var request *requestError
	var guarded *admin.GuardedError
	var busy *admin.BusyError
	var unknown *admin.UnknownMasterError
	switch {
	case errors.As(err, &request) && request.status == http.StatusForbidden:
		return request.status, resultForbidden
	case errors.As(err, &request) && request.status == http.StatusNotFound:
		return request.status, resultUnknownDeployment
	case errors.As(err, &request):
		return request.status, resultInvalid
	case errors.As(err, &guarded):
		return http.StatusConflict, resultGuarded
	case errors.As(err, &busy):
		return http.StatusConflict, resultBusy
	case errors.As(err, &unknown):
		return http.StatusNotFound, resultUnknown
	case err != nil:
		return http.StatusBadRequest, resultInvalid
	}
	status, result = statusOf(answer.Completion())
	if answer.DryRun {
		result = resultDryRun
	}
	return status, result
}

func statusOf(o admin.Completion) (status int, result string) {
	switch o {
	case admin.Done:
		return http.StatusOK, resultOK
	case admin.Partial:
		return http.StatusMultiStatus, resultPartial
	default:
		return http.StatusBadGateway, resultFailed
	}
}

// refusal returns the answer if nothing was done.
func refusal(op *admin.Operation, err error) *admin.OperationResult {
	answer := &admin.OperationResult{
		Action: op.Action, Master: sentinel.ValidUTF8(op.Master), DryRun: op.DryRun,
		Results: []admin.StepResult{}, Findings: []health.Finding{}, Error: sentinel.ValidUTF8(err.Error()),
	}
	if guarded, ok := errors.AsType[*admin.GuardedError](err); ok {
		answer.Findings = guarded.Findings
	}
	return answer
}
