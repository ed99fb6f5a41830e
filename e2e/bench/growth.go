package main

import (
	"context"
	"fmt"
)

// mostGrowth is the limit of what the last further pods or tables cost, compared with the average. Up to it,
// growth counts as linear.
const mostGrowth = 1.25

// growth counts what a join by aku asks of the servers, along one dimension.
type growth struct {
	Name   string
	Points []grown
}

type grown struct {
	shape
	traffic
}

// growths are the shapes to count. They have few rows, because the number of rows is not varied.
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

// further is the number of statements that a further pod or table adds: on average, and at the end.
func (g growth) further() (average, last float64) {
	between := func(from, to grown) float64 {
		return float64(to.Statements-from.Statements) / float64(to.Pods-from.Pods+to.Tables-from.Tables)
	}
	end := len(g.Points) - 1
	return between(g.Points[0], g.Points[end]), between(g.Points[end-1], g.Points[end])
}
