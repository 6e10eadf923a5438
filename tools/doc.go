// Package tools has no code: its module pins the version of golangci-lint.
package tools
