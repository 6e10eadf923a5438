// Package pint has no code: its module pins the version of pint.
package pint
