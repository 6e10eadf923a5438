// Package browsertest tests the status page in a real browser. It is a module of its own, so
// that the exporter does not depend on a browser driver.
package browsertest
