// Package nfpm has no code: its module pins the version of nfpm.
package nfpm
