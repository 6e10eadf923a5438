// Package actionlint has no code: its module pins the version of actionlint.
package actionlint
