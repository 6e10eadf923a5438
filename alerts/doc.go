// Package alerts holds no program: it is where the tests of the alert rules, of
// their runbooks and of the configurations in deploy/ live.
package alerts

//go:generate go test -run ^TestAlertTable$ . -update
