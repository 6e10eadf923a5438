package main

import (
	"slices"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// tag is the tag by which the dashboards link to each other.
const tag = "redis-sentinel"

// gridWidth is the number of Grafana's columns.
const gridWidth = 24

// A board is one dashboard.
type board struct {
	file, uid, title, description string
	inBar                         []string // the variables that are always to be seen
	oneOf                         []string // those that it starts with one of, and not with All
	rows                          []row
}

// A row is a group of panels below a title; the first needs none.
type row struct {
	title  string
	panels []panel
	closed bool   // until somebody opens it, or follows a link to a panel in it
	y      uint32 // of its title
}

// firstRowID is above the numbers of all panels, which alerts link to.
const firstRowID = 1000

// header is its title; that of a closed row holds its panels.
func (r row) header() *dashboard.RowBuilder {
	header := dashboard.NewRowBuilder(r.title).
		Id(firstRowID + r.y).
		GridPos(dashboard.GridPos{H: 1, W: gridWidth, Y: r.y})
	if r.closed {
		for _, p := range r.panels {
			header.WithPanel(p)
		}
	}
	return header
}

// placed returns the rows with the positions of their panels: each as high up and as far to
// the left as possible.
func (b board) placed() []row {
	var floor [gridWidth]uint32
	var rows []row
	for _, r := range b.rows {
		if r.title != "" {
			r.y = slices.Max(floor[:])
			fill(floor[:], r.y+1)
		}
		panels := slices.Clone(r.panels)
		for i, p := range panels {
			x, y := lowest(floor[:], int(p.width))
			fill(floor[x:x+int(p.width)], y+p.height)
			panels[i].x, panels[i].y = uint32(x), y //nolint:gosec // below gridWidth
		}
		if r.closed {
			fill(floor[:], r.y+1)
		}
		r.panels = panels
		rows = append(rows, r)
	}
	return rows
}

func fill(columns []uint32, height uint32) {
	for i := range columns {
		columns[i] = height
	}
}

// lowest returns the highest free place for a panel of this width.
func lowest(floor []uint32, width int) (x int, y uint32) {
	y = slices.Max(floor[:width])
	for at := 1; at+width <= len(floor); at++ {
		if height := slices.Max(floor[at : at+width]); height < y {
			x, y = at, height
		}
	}
	return x, y
}
