package main

import (
	"context"
	"fmt"
)

// mostUneven is how much more the dearest further pod or table may ask for than the
// cheapest, where growth counts as linear.
const mostUneven = 1.25

// growth is what a join of aku asks of the servers along one dimension.
type growth struct {
	Name   string
	Points []grown
}

type grown struct {
	shape
	traffic
}

// growths are the shapes that are counted: few rows, because they are not what varies.
func growths(base shape, pods, tables []int) []growth {
	base.Rows = 1000
	byPods, byTables := growth{Name: "pods"}, growth{Name: "tables"}
	for _, n := range pods {
		s := base
		s.Pods = n
		byPods.Points = append(byPods.Points, grown{shape: s})
	}
	for _, n := range tables {
		s := base
		s.Tables = n
		byTables.Points = append(byTables.Points, grown{shape: s})
	}
	return []growth{byPods, byTables}
}

// measureGrowth counts the statements of joins.
func (p plan) measureGrowth(ctx context.Context, say func(string, ...any), r *results) error {
	known := map[shape]traffic{}
	for _, g := range p.growth {
		for i := range g.Points {
			here := &g.Points[i]
			if _, ok := known[here.shape]; !ok {
				err := hosted(func(h *host) error {
					m, err := newMesh(h, here.shape, "ALTISIM_LOG=debug")
					if err == nil {
						known[here.shape], err = m.countJoin(ctx, byAku)
					}
					return err
				})
				if err != nil {
					return fmt.Errorf("%s: %w", here.shape, err)
				}
				say("%s: %+v", here.shape, known[here.shape])
			}
			here.traffic = known[here.shape]
		}
		r.Growth = append(r.Growth, g)
	}
	return nil
}

// each tells what a further pod or table adds to the statements, between one point and
// the next.
func (g growth) each() []float64 {
	var all []float64
	for i := 1; i < len(g.Points); i++ {
		from, to := g.Points[i-1], g.Points[i]
		further := to.Pods - from.Pods + to.Tables - from.Tables
		all = append(all, float64(to.Statements-from.Statements)/float64(further))
	}
	return all
}
