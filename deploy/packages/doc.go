// Package packages looks, with the build tag packages, into the archives and
// packages that ./build makes (make packages-test).
package packages
