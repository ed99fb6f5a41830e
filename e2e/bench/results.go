package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// results are all figures.
type results struct {
	Machine  machine
	Quick    bool
	Base     shape
	Series   []series
	Quiet    map[string][]time.Duration // way → ends without a writer
	Traffic  map[string]traffic         // way → a join at the base
	Growth   []growth
	Margins  []margin
	Rolling  []rolling
	RollAt   shape
	Idle     []idleAt
	Programs []program
	Images   []image
	Failed   []string // points that could not be measured, with the reason
	Apart    []string // parts from a run of their own, with the load then
	Took     time.Duration
}

// series varies one dimension around the base.
type series struct {
	Name   string // of the dimension
	Points []point
}

// point is one shape, measured both ways on the same servers.
type point struct {
	shape
	Label  string
	Cycles map[string][]cycle // way → repetitions
}

type idleAt struct {
	shape
	BeatEvery int // seconds
	idle
}

const (
	usualBeat  = 5  // AKU_BEAT_INTERVAL by default, in seconds
	rarestBeat = 60 // the maximum
)

// plan says what to measure.
type plan struct {
	base    shape
	repeats int // at the base
	series  []series
	rolling shape
	idleFor time.Duration
	limit   time.Duration // no point begins after it
	idle    []idleAt
	growth  []growth
	margins []shape
	rounds  int      // of each of them
	only    []string // parts to measure; empty for all
	bundle  string
	images  string
}

func at(label string, s shape) point { return point{Label: label, shape: s} }

// newPlan varies one dimension at a time.
func newPlan(quick bool) plan {
	base := shape{Pods: 3, Tables: 10, Rows: 10_000}
	p := plan{base: base, repeats: 2, rounds: 3, idleFor: 10 * time.Minute, rolling: shape{Pods: 3, Tables: 10, Rows: 100_000}}
	vary := func(name string, change func(*shape, int), label string, values ...int) {
		s := series{Name: name}
		for _, v := range values {
			shape := base
			change(&shape, v)
			s.Points = append(s.Points, at(fmt.Sprintf(label, v), shape))
		}
		p.series = append(p.series, s)
	}
	pods, tables, rows, trips := []int{2, 3, 4, 5, 6}, []int{1, 10, 100, 1000}, []int{10_000, 100_000, 1_000_000}, []int{0, 5, 20}
	one := shape{Pods: 3, Tables: 1, Rows: 1000}
	p.idle = []idleAt{
		{shape: one, BeatEvery: usualBeat}, {shape: one, BeatEvery: rarestBeat},
		{shape: shape{Pods: 3, Tables: manyTables, Rows: 1000}, BeatEvery: usualBeat},
		{shape: shape{Pods: 6, Tables: manyTables, Rows: 1000}, BeatEvery: usualBeat},
	}
	p.margins = []shape{base, {Pods: 3, Tables: manyTables, Rows: 10_000}}
	if quick {
		p.repeats, p.rounds, p.idleFor = 1, 1, time.Minute
		pods, tables, rows, trips = []int{3, 4}, []int{10, 100}, []int{10_000}, []int{0, 20}
		p.rolling.Rows, p.idle, p.margins = 10_000, p.idle[:2], p.margins[:1]
	}
	p.growth = growths(base, pods, tables)
	vary("pods", func(s *shape, v int) { s.Pods = v }, "%d pods", pods...)
	vary("rows", func(s *shape, v int) { s.Rows = v }, "%d rows", rows...)
	vary("tables", func(s *shape, v int) { s.Tables = v }, "%d tables", tables...)
	vary("round trip", func(s *shape, v int) { s.Trip = time.Duration(v) * time.Millisecond }, "%d ms", trips...)
	return p
}

// choose keeps only the named parts.
func (p *plan) choose(only string) {
	if only == "" {
		return
	}
	p.only = strings.Split(only, ",")
	if !p.wants("idle") {
		p.idle = nil
	}
	p.series = slices.DeleteFunc(p.series, func(s series) bool { return !p.wants(s.Name) })
}

func (p plan) wants(part string) bool { return len(p.only) == 0 || slices.Contains(p.only, part) }

// run measures the series first, and then, one by one, what a busy machine would change most. The idle
// sidecars run beside all of it.
func (p plan) run(ctx context.Context, say func(string, ...any)) (*results, error) {
	began := time.Now()
	r := &results{
		Base: p.base, RollAt: p.rolling, Quiet: map[string][]time.Duration{}, Traffic: map[string]traffic{}, Machine: thisMachine(),
	}
	var err error
	if r.Programs, err = measurePrograms(ctx, p.bundle); err != nil {
		return nil, err
	}
	if r.Images, err = measureImages(p.images); err != nil {
		return nil, err
	}
	r.Idle = slices.Clone(p.idle)
	faults := make([]error, len(p.idle))
	var waiting sync.WaitGroup
	for i, s := range p.idle {
		waiting.Go(func() {
			r.Idle[i].idle, faults[i] = measureIdle(ctx, s.shape, s.BeatEvery, p.bundle, p.idleFor)
			say("idle at %s, a beat every %d s: %+v %v", s.shape, s.BeatEvery, r.Idle[i].idle, faults[i])
		})
	}
	if err := p.measureSeries(ctx, began, say, r); err != nil {
		return nil, err
	}
	if p.wants("counts") {
		if err := p.measureCounts(ctx, say, r); err != nil {
			return nil, fmt.Errorf("%s: %w", p.base, err)
		}
		if err := p.measureGrowth(ctx, say, r); err != nil {
			return nil, err
		}
	}
	for _, s := range p.margins {
		if !p.wants("margins") {
			break
		}
		measured, err := p.measureMargins(ctx, say, s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s, err)
		}
		r.Margins = append(r.Margins, measured...)
	}
	waiting.Wait()
	for _, err := range faults {
		if err != nil {
			return nil, fmt.Errorf("idle: %w", err)
		}
	}
	r.Took = time.Since(began)
	r.Machine.LoadAfter = load()
	return r, nil
}

// meshesAtOnce is the number of points measured at the same time. Most of their time is the wait of the
// documented FLUSH ALL.
const meshesAtOnce = 3

// measureSeries measures the points of the series and the rolling updates, the two ways of a point one after
// the other.
func (p plan) measureSeries(ctx context.Context, began time.Time, say func(string, ...any), r *results) error {
	var meshes errgroup.Group
	meshes.SetLimit(meshesAtOnce)
	known := map[shape]map[string][]cycle{}
	var mu sync.Mutex
	fails := func(at shape, why any) {
		mu.Lock()
		defer mu.Unlock()
		say("%s: %v", at, why)
		r.Failed = append(r.Failed, fmt.Sprintf("%s: %v", at, why))
	}
	for _, s := range p.series {
		for _, here := range s.Points {
			if known[here.shape] != nil {
				continue
			}
			cycles := map[string][]cycle{}
			known[here.shape] = cycles
			meshes.Go(func() error {
				if time.Since(began) > p.limit && here.shape != p.base {
					fails(here.shape, "no time left")
					return nil
				}
				err := p.measurePoint(ctx, here.shape, cycles, say, r)
				if err != nil && (ctx.Err() != nil || here.shape == p.base) {
					return fmt.Errorf("%s: %w", here.shape, err)
				}
				if err != nil {
					fails(here.shape, err)
				}
				return nil
			})
		}
	}
	if p.wants("rolling") {
		r.Rolling = make([]rolling, len(rollingWays))
		for i, w := range rollingWays {
			meshes.Go(func() error { return p.measureRolling(ctx, w, say, &r.Rolling[i]) })
		}
	}
	if err := meshes.Wait(); err != nil {
		return err
	}
	for _, s := range p.series {
		for i := range s.Points {
			s.Points[i].Cycles = known[s.Points[i].shape]
		}
		s.Points = slices.DeleteFunc(s.Points, func(p point) bool {
			return len(p.Cycles[byManual.name]) == 0 || len(p.Cycles[byAku.name]) == 0
		})
		r.Series = append(r.Series, s)
	}
	return nil
}

// largeCopy is the number of rows from which a copy leaves the stand-in's files so large that the next copy
// takes seconds longer.
const largeCopy = 1_000_000

// measurePoint measures one shape both ways, one after the other on the same servers. With many rows, each
// way has new servers.
func (p plan) measurePoint(ctx context.Context, s shape, cycles map[string][]cycle, say func(string, ...any), r *results) error {
	if s.Rows < largeCopy {
		return p.measureOn(ctx, s, ways, cycles, say, r)
	}
	for i := range ways {
		if err := p.measureOn(ctx, s, ways[i:i+1], cycles, say, r); err != nil {
			return err
		}
	}
	return nil
}

// measureOn measures one shape on new servers; at the base also what is measured only there.
func (p plan) measureOn(ctx context.Context, s shape, ways []way, cycles map[string][]cycle, say func(string, ...any), r *results) error {
	repeats := 1
	if s == p.base {
		repeats = p.repeats
	}
	return hosted(func(h *host) error {
		m, err := newMesh(h, s)
		if err != nil {
			return err
		}
		for range repeats {
			for _, w := range ways {
				c, err := m.measure(ctx, w)
				if err != nil {
					return err
				}
				cycles[w.name] = append(cycles[w.name], c)
				say("%s: %s: join %s, %d rows lost of %d; end %s, %d of %d", s, w.name,
					c.Join.Round(time.Millisecond), c.JoinLost, c.JoinRows, c.End.Round(time.Millisecond), c.EndLost, c.EndRows)
				if s != p.base {
					continue
				}
				quiet, err := m.quietEnd(ctx, w)
				if err != nil {
					return err
				}
				say("%s: %s: end without a writer %s", s, w.name, quiet.Round(time.Millisecond))
				r.Quiet[w.name] = append(r.Quiet[w.name], quiet)
			}
		}
		return nil
	})
}

// measureCounts counts what a join asks of the servers.
func (p plan) measureCounts(ctx context.Context, say func(string, ...any), r *results) error {
	return hosted(func(h *host) error {
		m, err := newMesh(h, p.base, "ALTISIM_LOG=debug")
		if err != nil {
			return err
		}
		for _, w := range ways {
			t, err := m.countJoin(ctx, w)
			if err != nil {
				return err
			}
			say("%s: %s: %s", p.base, w.name, t)
			r.Traffic[w.name] = t
		}
		return nil
	})
}

// with returns the results, with the parts that a later run measured replaced.
func (r *results) with(later *results) *results {
	for _, s := range later.Series {
		if i := slices.IndexFunc(r.Series, func(old series) bool { return old.Name == s.Name }); i >= 0 {
			r.Series[i] = s
		} else {
			r.Series = append(r.Series, s)
		}
		r.Failed = slices.DeleteFunc(r.Failed, func(text string) bool {
			return slices.ContainsFunc(s.Points, func(p point) bool { return strings.HasPrefix(text, p.String()+":") })
		})
		r.apart("the series by "+s.Name, later)
	}
	for _, text := range later.Failed {
		if !slices.Contains(r.Failed, text) {
			r.Failed = append(r.Failed, text)
		}
	}
	if len(later.Quiet) > 0 {
		r.Quiet = later.Quiet
	}
	if len(later.Traffic) > 0 {
		r.Traffic, r.Growth = later.Traffic, later.Growth
		r.apart("what a join asks of the servers", later)
	}
	if len(later.Margins) > 0 {
		r.Margins = later.Margins
		r.apart("what aku adds", later)
	}
	if len(later.Rolling) > 0 {
		r.Rolling, r.RollAt = later.Rolling, later.RollAt
		r.apart("the rolling update", later)
	}
	if len(later.Idle) > 0 {
		r.Idle = later.Idle
		r.apart("the idle sidecar", later)
	}
	r.Programs, r.Images = later.Programs, later.Images
	return r
}

func (r *results) apart(what string, run *results) {
	r.Apart = slices.DeleteFunc(r.Apart, func(text string) bool { return strings.HasPrefix(text, what+" ") })
	r.Apart = append(r.Apart, fmt.Sprintf("%s (load %s to %s)", what, run.Machine.Load, run.Machine.LoadAfter))
}

// median is the median of at least one value.
func median[T time.Duration | int64 | float64](all []T) T {
	sorted := slices.Sorted(slices.Values(all))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// each picks one figure of all repetitions.
func each[F, T any](all []F, pick func(F) T) []T {
	var out []T
	for _, one := range all {
		out = append(out, pick(one))
	}
	return out
}

// check reports a missing bundle.
func (p plan) check() error {
	if _, err := os.Stat(p.bundle + "/bin/aku-init"); err != nil {
		return fmt.Errorf("%w: `make bench` builds it", err)
	}
	return nil
}
