package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// target is what aku is to keep to, and what was measured.
type target struct {
	Name, Goal, Measured string
	Met                  bool
	Why                  string // not, as far as that is known
}

const (
	mostJoin     = 0.8 // of the documented order
	mostEnd      = 0.2
	mostOverhead = 0.05 // of the servers' own waits
	mostRSS      = 20e6 // bytes
	mostCPU      = 0.002
	mostImage    = 30e6 // bytes
)

// Targets holds the figures against what is aimed at.
func (r *results) Targets() []target {
	var all []target
	add := func(name, goal, measured string, met bool, why string) {
		all = append(all, target{name, goal, measured, met, why})
	}
	for _, s := range r.Series {
		if s.Name != "pods" {
			continue
		}
		for _, p := range s.Points {
			ratio := p.ratio(func(c cycle) time.Duration { return c.Join })
			add("join, "+p.Label, fmt.Sprintf("≤ %.1f × documented", mostJoin), fmt.Sprintf("%.2f", ratio), ratio <= mostJoin,
				"the SYNC takes its time in both")
		}
		for _, p := range s.Points {
			ratio := p.ratio(func(c cycle) time.Duration { return c.End })
			add("end under a writer, "+p.Label, fmt.Sprintf("≤ %.1f × documented", mostEnd), fmt.Sprintf("%.2f", ratio), ratio <= mostEnd,
				"the STOPs of one server run in turn, up to a second each")
		}
	}
	if quiet := r.Quiet[byAku.name]; len(quiet) > 0 {
		ratio := float64(median(quiet)) / float64(median(r.Quiet[byManual.name]))
		add("end without a writer, 3 pods", fmt.Sprintf("≤ %.1f × documented", mostEnd), fmt.Sprintf("%.2f", ratio), ratio <= mostEnd,
			"it is nearly all the server's own: its two STOPs, one after the other, a full second each when the end comes right after the join")
	}
	if t, ok := r.Traffic[byAku.name]; ok {
		add("a quiet join over the servers' own work, 3 pods", fmt.Sprintf("≤ %.0f %%", 100*mostOverhead), fmt.Sprintf("%.1f %%", 100*t.Overhead()), t.Overhead() <= mostOverhead,
			"a delivery waited for the sender's keep-alive")
	}
	for _, g := range r.Growth {
		if all := g.each(); len(all) > 1 {
			least, most := slices.Min(all), slices.Max(all)
			name := strings.TrimSuffix(g.Name, "s")
			add("statements of a join, growth with the "+g.Name, "linear: the dearest further "+name+fmt.Sprintf(" ≤ %.2f × the cheapest", mostUneven),
				fmt.Sprintf("%.1f-%.1f for each", least, most), most <= mostUneven*least, "")
		}
	}
	for _, i := range r.Idle {
		at := fmt.Sprintf(", %d pods, %d tables", i.Pods, i.Tables)
		bytes := float64(i.RSS) * 1024
		add("sidecar, resident"+at, fmt.Sprintf("≤ %.0f MB", mostRSS/1e6), fmt.Sprintf("%.1f MB", bytes/1e6), bytes <= mostRSS,
			"the answers of all servers about their lists of tables")
		add("sidecar, CPU"+at, fmt.Sprintf("≤ %.1f %% of a core", 100*mostCPU), fmt.Sprintf("%.2f %%", 100*i.CPU), i.CPU <= mostCPU,
			"a look at the own server every second, and at all and their lists of tables every 5 min")
	}
	for _, i := range r.Images {
		if strings.HasPrefix(i.Name, "aku.") {
			add("aku image", fmt.Sprintf("≤ %.0f MB", mostImage/1e6), fmt.Sprintf("%.1f MB", float64(i.Size)/1e6), i.Size <= mostImage, "")
		}
	}
	return all
}

// ratio is aku's median over that of the documented order.
func (p point) ratio(pick func(cycle) time.Duration) float64 {
	return float64(median(each(p.Cycles[byAku.name], pick))) / float64(median(each(p.Cycles[byManual.name], pick)))
}
