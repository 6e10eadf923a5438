// Package drawn draws the dashboards with Grafana's own components on a real Prometheus,
// and looks at what is drawn: the colours of tiles, the first rows of tables, whether
// any text is cut off. There is no program; `make dashboards-drawn` runs the tests.
//
// page/ is the page that draws one dashboard, and package-lock.json has the versions of
// what it is made of. The test serves it, with Prometheus behind /prometheus/.
package drawn
