package main

import (
	"fmt"
	"strings"
	"time"
)

// target is a limit for aku, and the measured value.
type target struct {
	Name, Goal, Measured string
	Met                  bool
	Why                  string // the reason for a miss, as far as it is known
}

const (
	mostJoin     = 0.8 // share of the documented order
	mostEnd      = 0.2
	mostOverhead = 0.05 // share of the servers' own waits
	mostRSS      = 24e6 // bytes
	mostCPU      = 0.002
	mostBeats    = 0.001 // of a core
	mostLog      = 2000  // bytes a second of the server's log
	mostImage    = 30e6  // bytes
)

// Targets compares the figures with the targets.
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
				"the documented STARTs take a second or nothing, by chance; where writers are in the way of the SYNC, aku stops the other slaves' senders before it, up to a second")
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
			"the looks at all servers, and the beats both ways before users are let in")
	}
	for _, g := range r.Growth {
		if len(g.Points) < 2 {
			continue
		}
		average, last := g.further()
		add("statements of a join, growth with the "+g.Name, fmt.Sprintf("linear at most: the last ones ≤ %.2f × the average", mostGrowth),
			fmt.Sprintf("%.2f for each, the last ones %.2f", average, last), last <= mostGrowth*average, "")
	}
	all = append(all, r.marginTargets()...)
	for _, i := range r.Idle {
		if i.BeatEvery != usualBeat {
			continue
		}
		at := fmt.Sprintf(", %d pods, %d tables", i.Pods, i.Tables)
		bytes := float64(i.RSS) * 1024
		add("sidecar, resident"+at, fmt.Sprintf("≤ %.0f MB", mostRSS/1e6), fmt.Sprintf("%.1f MB", bytes/1e6), bytes <= mostRSS,
			"the answers of all servers about their lists of tables")
		add("sidecar, CPU"+at, fmt.Sprintf("≤ %.1f %% of a core", 100*mostCPU), fmt.Sprintf("%.2f %%", 100*i.CPU), i.CPU <= mostCPU,
			"a look at the own server every second, and at all and their lists of tables every 5 min")
		add("server log for beats"+at, fmt.Sprintf("≤ %.0f bytes/s", float64(mostLog)), fmt.Sprintf("%.0f bytes/s", i.LogBytes()), i.LogBytes() <= mostLog,
			"each pod logs its own beats and those of all others")
	}
	if share, known := r.BeatCPU(); known {
		add("beats, CPU", fmt.Sprintf("≤ %.1f %% of a core", 100*mostBeats), fmt.Sprintf("%.3f %%", 100*share), share <= mostBeats,
			"the statements of a beat")
	}
	for _, i := range r.Images {
		if strings.HasPrefix(i.Name, "aku.") {
			add("aku image", fmt.Sprintf("≤ %.0f MB", mostImage/1e6), fmt.Sprintf("%.1f MB", float64(i.Size)/1e6), i.Size <= mostImage, "")
		}
	}
	return all
}

// ratio is aku's median divided by that of the documented order.
func (p point) ratio(pick func(cycle) time.Duration) float64 {
	return float64(median(each(p.Cycles[byAku.name], pick))) / float64(median(each(p.Cycles[byManual.name], pick)))
}

// marginTargets are the limits of what aku adds to the servers' own time.
func (r *results) marginTargets() []target {
	var all []target
	for _, m := range r.Margins {
		at := fmt.Sprintf("%s, %d tables", m.What, m.Tables)
		over := median(each(m.Rounds, marginRound.Over))
		all = append(all, target{
			at, fmt.Sprintf("≤ %s + %s", m.Least, seconds(m.Most)), fmt.Sprintf("%s + %s", seconds(median(each(m.Rounds, func(r marginRound) time.Duration { return r.Least }))), seconds(over)),
			over <= m.Most, m.why(),
		})
		if m.Deliver {
			took := median(each(m.Rounds, func(r marginRound) time.Duration { return r.Delivery }))
			all = append(all, target{"delivery in the " + at, "≤ " + seconds(mostDelivery), seconds(took), took <= mostDelivery, "a beat is looked for until it is there"})
		}
	}
	return all
}

// why lists the parts of a margin above its limit.
func (m margin) why() string {
	var text []string
	for _, name := range partNames {
		if took := m.part(name); took >= 50*time.Millisecond {
			text = append(text, fmt.Sprintf("%s %s", name, seconds(took)))
		}
	}
	return fmt.Sprintf("the servers were busy with %s; aku computed for %s",
		strings.Join(text, ", "), seconds(median(each(m.Rounds, func(r marginRound) time.Duration { return r.CPU }))))
}

// RowsPerSecond is how many rows a sidecar inserts and deletes a second.
func (i idleAt) RowsPerSecond() float64 { return float64(i.Changes) / i.For.Seconds() }

// bytesOfBeat is the log of one INSERT of a beat on a real server. A DELETE counts as much.
const bytesOfBeat = 818

// LogBytes is what beats add to the log of one server in a second: its own changes, and the same number from
// each peer.
func (i idleAt) LogBytes() float64 {
	return float64(i.Changes) * float64(i.Pods) * bytesOfBeat / i.For.Seconds()
}

// SaidHourly is the log of a pod in service, in bytes an hour.
func (i idleAt) SaidHourly() float64 { return float64(i.Said) / i.For.Hours() }

// BeatCPU is the share of a core for beats at the usual interval: the difference to a sidecar with the
// longest interval.
func (r *results) BeatCPU() (share float64, known bool) {
	for _, rare := range r.Idle {
		if rare.BeatEvery == usualBeat {
			continue
		}
		for _, usual := range r.Idle {
			if usual.BeatEvery == usualBeat && usual.shape == rare.shape {
				return (usual.CPU - rare.CPU) / (1 - float64(usual.BeatEvery)/float64(rare.BeatEvery)), true
			}
		}
	}
	return 0, false
}
