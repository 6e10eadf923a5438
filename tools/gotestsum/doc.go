// Package gotestsum has no code: its module pins the version of gotestsum.
package gotestsum
