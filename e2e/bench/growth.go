package main

import (
	"context"
	"fmt"
)

// mostGrowth is how much more the last further pods or tables may ask for than all do on the
// average, where growth counts as linear at most.
const mostGrowth = 1.25

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
				say("%s: %s", here.shape, known[here.shape])
			}
			here.traffic = known[here.shape]
		}
		r.Growth = append(r.Growth, g)
	}
	return nil
}

// further tells what a further pod or table adds to the statements: on the average, and the
// last ones.
func (g growth) further() (average, last float64) {
	between := func(from, to grown) float64 {
		return float64(to.Statements-from.Statements) / float64(to.Pods-from.Pods+to.Tables-from.Tables)
	}
	end := len(g.Points) - 1
	return between(g.Points[0], g.Points[end]), between(g.Points[end-1], g.Points[end])
}
