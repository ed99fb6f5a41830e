package simulation

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"aku/internal/akucore"
)

// Options are the parameters of a run.
type Options struct {
	Seed uint64
	Tell bool // write the story

	ServerCount  int
	Blocks       int
	Reset        akucore.ResetMode
	FlushAtStart bool
	FlushAtEnd   bool
	Shutdown     bool
	APIFails     int // percentage of the requests for the replica count
	LoseVolumes  bool
	WriteEvery   time.Duration // the longest pause between two changes on a pod
	Lists        bool          // a rolling update changes the list of tables
	AddBlock     bool          // the first rolling update adds a block
	SyncTime     time.Duration // of a SYNC; 0 for the time of an empty table
	Transactions int           // percentage of changes in a transaction that stays open for a while; 0 for a few
	LockTimeout  time.Duration // of receivers, as aku sets it; 0 for the server's default
	FewValues    bool          // rows return to values that they had before
	Linger       int           // up to this pod, a user has a transaction of some seconds open all the time; -1 for none
	LingerFor    time.Duration // its duration; 0 for 4 to 8 s
	Unseen       bool          // no view shows who holds the master's tables, as with LOCK TABLE

	// BeforeBeats is the number of pods that exist already, under an aku without beats.
	BeforeBeats int

	// Schedule makes the events; nil for any. Schedules that lead to a rare situation test the rules that
	// matter only there.
	Schedule func(*rand.Rand, Options) (first int, events []event)

	// The fields below remove a rule, to see that the simulation finds the loss.

	Unguarded  akucore.Guard // steps with this guard have none
	NoSweep    bool          // nobody sweeps the pairs in service
	RepeatSync bool          // a SYNC that was cut is repeated by itself
	NeverClose bool          // users are not closed out at an end
	HoldNobody bool          // others are not held back while a statement waits for its tables
	Unawaited  bool          // a beat counts as arrived when it is written
	Uncounted  bool          // failure counts of receivers are ignored
	// PlanStart and PlanEnd replace the rules; nil for the real ones.
	PlanStart func(akucore.View, akucore.StartOptions) akucore.Plan
	PlanEnd   func(akucore.View, akucore.EndOptions) akucore.Plan
	// PlanRecover does the same for aku-init recover.
	PlanRecover func(akucore.View, int, ...int) akucore.Plan
}

// OptionsOf draws the options of a seed.
func OptionsOf(seed uint64) Options {
	r := rand.New(rand.NewPCG(seed, 1))
	o := Options{
		Seed: seed, ServerCount: 2 + r.IntN(3), Blocks: 1, Reset: akucore.ResetAuto,
		FlushAtStart: r.IntN(5) > 0, FlushAtEnd: r.IntN(5) > 0, Shutdown: r.IntN(3) == 0,
		LoseVolumes: r.IntN(4) == 0, WriteEvery: time.Duration(100+r.IntN(400)) * time.Millisecond,
	}
	switch r.IntN(10) {
	case 0:
		o.ServerCount = 6
	case 1:
		o.ServerCount = 5
	}
	if r.IntN(6) == 0 {
		o.Blocks = 2
	}
	switch r.IntN(4) {
	case 0:
		o.Reset = akucore.ResetAlways
	case 1:
		o.Reset = akucore.ResetNever
	}
	if r.IntN(3) == 0 {
		o.APIFails = 30
	}
	o.LockTimeout = time.Hour
	o.FewValues = r.IntN(8) == 0
	switch seed % 10 {
	case 0:
		o.Schedule = masterRecovered
	case 5:
		o.Schedule = volumesLost
	case 7:
		o.Schedule = volumesSetBack
	}
	o.Lists = r.IntN(3) == 0
	o.AddBlock = r.IntN(6) == 0
	if seed%10 == 7 {
		o.Lists, o.AddBlock = false, false // a recovery waits until a person reverts a change of the list
	}
	o.Linger = -1
	switch r.IntN(8) {
	case 0:
		o.Linger = akucore.Master
	case 1:
		o.Linger = maxPods
	}
	return o
}

func (o Options) String() string {
	return fmt.Sprintf("seed %d: %d pods at most, %d blocks, RESET at end %s, flush at start %t, at end %t, shutdown %t, API fails %d %%, volumes may be lost %t, lists change %t, a block is added %t, a write in %s, long transactions up to altibase-%d",
		o.Seed, o.ServerCount, o.Blocks, o.Reset, o.FlushAtStart, o.FlushAtEnd, o.Shutdown, o.APIFails, o.LoseVolumes, o.Lists, o.AddBlock, o.WriteEvery, o.Linger)
}

// Outcome is the result of a run.
type Outcome struct {
	Violations []string
	Story      string
	Figures    Figures
}

const (
	// patience is how long all pods may take to come into service after all faults: several joins one after
	// the other, each with a sender that tries to connect only once a minute.
	patience = 12 * time.Minute
	// drained is how long the delivery of everything written may take.
	drained = 3 * time.Minute
)

// Run runs a seed. It must be called in a bubble of testing/synctest.
func Run(o Options) Outcome {
	happens := o.Schedule
	if happens == nil {
		happens = schedule
	}
	first, events := happens(rand.New(rand.NewPCG(o.Seed, 2)), o)
	ctx, cancel := context.WithCancel(context.Background())
	w := &world{seed: o.Seed, options: o, began: time.Now(), ctx: ctx, dice: map[dieKey]uint64{}, claims: claims{}, unguarded: map[taken]akucore.Guard{}, lives: map[int64]beatLife{}}
	w.journal.latest, w.journal.shared, w.givenUp, w.traceless = map[place]written{}, map[place]bool{}, map[place]bool{}, map[place]written{}
	w.set.replicas = first
	w.mu.Lock()
	w.tell("%s", o)
	w.beforeBeats(o.BeforeBeats)
	w.tell("--- install with %d pods", first)
	w.mu.Unlock()
	w.spawn(w.control)

	for _, e := range events {
		if e.after > 0 {
			_ = pause(ctx, e.after)
		}
		w.mu.Lock()
		switch {
		case e.arm != nil:
			w.armed = append(w.armed, e.arm)
		case e.fault.do != nil:
			w.tell("--- %s", e.fault.name)
			w.figures.Faults++
			e.fault.do(w)
		}
		w.mu.Unlock()
	}
	_ = pause(ctx, 15*time.Second)
	w.heal()
	settled := w.settle()
	if settled {
		// A pod whose copy is outdated notices that by itself, with two observations.
		_ = pause(ctx, 80*time.Second)
	}
	if settled && w.settle() {
		if w.calm("all pods in service") {
			w.shrink()
		}
	}

	w.mu.Lock()
	for _, p := range w.pods {
		if p != nil {
			p.gone()
		}
	}
	w.mu.Unlock()
	cancel()
	w.tasks.Wait()
	if len(w.violations) > 0 {
		w.told.WriteString("\n" + strings.Join(w.violations, "\n") + "\n")
	}
	return Outcome{w.violations, w.told.String(), w.figures}
}

// heal ends all faults, and starts every pod that has a volume.
func (w *world) heal() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.armed = nil
	w.network = network{changed: time.Now()}
	for pod, v := range w.volumes {
		if v != nil {
			w.set.replicas = max(w.set.replicas, pod+1)
		}
	}
	w.tell("--- all is well again, %d pods", w.set.replicas)
}

// settle waits until all pods are in service with the tables of their configuration.
func (w *world) settle() bool {
	for deadline := time.Now().Add(patience); ; {
		_ = pause(w.ctx, time.Second)
		w.mu.Lock()
		waiting := w.unsettled()
		late := time.Now().After(deadline)
		if waiting != "" && late {
			w.violated("(e) after %s:%s%s", patience, waiting, w.state())
		}
		w.mu.Unlock()
		if waiting == "" {
			return true
		}
		if late {
			return false
		}
	}
}

// unsettled lists the pods that are not in service, or where all are, an object with other tables than its
// configuration. Callers hold the lock.
func (w *world) unsettled() (lines string) {
	for i, p := range w.pods {
		switch {
		case i >= w.set.replicas && p != nil:
			lines += fmt.Sprintf("\n    altibase-%d is still there", i)
		case i < w.set.replicas && (p == nil || p.ending || !p.inService() || p.revision != w.set.revision):
			lines += fmt.Sprintf("\n    altibase-%d is not in service", i)
			if p != nil {
				lines += ": " + p.why
			}
		}
	}
	if other := w.otherList(); lines == "" && other != "" {
		lines = "\n    " + other
	}
	return lines
}

// calm lets the users write a little, ends their sessions, waits until everything is delivered, and checks.
func (w *world) calm(when string) (fine bool) {
	_ = pause(w.ctx, 5*time.Second)
	w.mu.Lock()
	w.tell("--- %s; nobody writes any more", when)
	w.set.quiet = true
	w.mu.Unlock()
	for deadline := time.Now().Add(drained); ; {
		_ = pause(w.ctx, 2*time.Second)
		w.mu.Lock()
		behind := w.behind()
		late := time.Now().After(deadline)
		if behind == "" || late {
			if late {
				w.violated("(a) after %s not all is delivered: %s", drained, behind)
			}
			before := len(w.violations)
			w.check()
			if len(w.violations) > before {
				w.violations = append(w.violations, w.state())
			}
			fine := len(w.violations) == 0
			w.mu.Unlock()
			return fine
		}
		w.mu.Unlock()
	}
}

// behind names a pair of open pods with undelivered changes.
func (w *world) behind() string {
	for i, p := range w.pods {
		for j, q := range w.pods {
			if p == nil || q == nil || i == j || p.server == nil {
				continue
			}
			for _, b := range p.mesh().Blocks {
				x := p.server.senders[b.Object(akucore.PairOf(i, j))]
				if x == nil || x.peer == nil || p.volume.owes(x.o, x.read) {
					return fmt.Sprintf("%s from altibase-%d to altibase-%d", b.Object(akucore.PairOf(i, j)), i, j)
				}
			}
		}
	}
	return ""
}

// shrink removes all pods but the master in order, while users write, and compares the master with what they
// wrote. Then the pods come back.
func (w *world) shrink() {
	w.mu.Lock()
	all := w.set.replicas
	w.mu.Unlock()
	w.scale(1)
	// What is neither delivered nor reset at the end stays on the volume.
	delivers := w.options.FlushAtEnd || w.options.Reset != akucore.ResetNever && w.options.APIFails == 0
	if !w.settle() || delivers && !w.calm("only the master is left") {
		return
	}
	w.unpinned()
	w.scale(all)
	if w.settle() {
		w.calm("all pods are back")
	}
}

func (w *world) scale(replicas int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tell("--- scale to %d, and users write", replicas)
	w.set.quiet = false
	w.set.replicas = replicas
}

// unpinned checks that the master keeps its log for no removed pod: not for a pod that left in order, and,
// where the replica count is known, after a while for no other either.
func (w *world) unpinned() {
	known := w.options.Reset == akucore.ResetAuto && w.options.APIFails == 0
	if known {
		_ = pause(w.ctx, 70*time.Second)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for name, o := range w.volumes[akucore.Master].objects {
		if o.xsn != akucore.Unset && (known || w.left[o.peer]) && !w.keptForPeople(o.peer) {
			w.violated("(d) %s on the master keeps its log from %d on", name, o.xsn)
		}
	}
}

// keptForPeople tells whether a pod keeps its copy, because a peer may have left rows of it out. Such a pod
// resets nothing when it ends. Callers hold the lock.
func (w *world) keptForPeople(pod int) bool {
	v := w.volumes[pod]
	return v != nil && slices.ContainsFunc(slices.Collect(maps.Keys(v.objects)), func(name string) bool { return strings.HasPrefix(name, "AKU_GIVEN_UP_") })
}

// state lists all objects, for the story of a failure.
func (w *world) state() string {
	var b strings.Builder
	for pod, v := range w.volumes {
		if v == nil {
			continue
		}
		fmt.Fprintf(&b, "\n    altibase-%d: last %d, complete %v:", pod, v.last, v.complete)
		for _, name := range slices.Sorted(maps.Keys(v.objects)) {
			o := v.objects[name]
			fmt.Fprintf(&b, " %s %v started %t XSN %d;", name, list(o.spec.Tables), o.started, o.xsn)
		}
	}
	return b.String()
}
