// Package alerts holds the alert rules, and makes others of them for other labels, addresses,
// times and severities. The tests of the rules, of their runbooks and of the configurations
// in deploy/ live here too.
package alerts

//go:generate go test -run ^(TestAlertTable|TestTemplate)$ . -update
