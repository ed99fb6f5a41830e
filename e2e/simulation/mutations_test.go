package simulation

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"aku/internal/akucore"
)

// mutation is a removed rule.
type mutation struct {
	name  string
	seeds uint64 // number of seeds within which the simulation finds it
	apply func(*Options)
}

func TestMutations_AreFound(t *testing.T) {
	for i, m := range mutations {
		if raceDetector && i >= 3 {
			break // it runs the same code, whatever rule is removed
		}
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			for n := range m.seeds {
				o := OptionsOf(n + 1)
				m.apply(&o)
				if out := runSeed(t, o); len(out.Violations) > 0 {
					t.Logf("found by seed %d: %s", n+1, out.Violations[0])
					return
				}
			}
			t.Errorf("%d seeds found nothing", m.seeds)
		})
	}
}

// situations are schedules that lead directly to a rare situation. They test the rules that matter only
// there.
var situations = map[string]func(*Options){
	"opened by hand": openedByHand, "back at once": backAtOnce, "joins cut": joinsCut, "SYNC cut": syncCut,
	"cut in delivery": cutInDelivery, "master cut off at end": masterCutOffAtEnd, "writes alone": writesAlone, "hands over asleep": handsOverAsleep, "master away": masterAway,
	"reset while blind": resetWhileBlind, "master lost": masterLost, "master recovered": recovered, "sign dropped": noSign, "another source": anotherSource, "master lost in a cut": inACut, "master lost in a cut, a slave closed": inACutAndClosed, "list changes": listChanges,
	"copies lost": copiesLost, "earlier database remembered": remembered, "from before beats": fromBefore, "objects kept, peers asked": keptButAsked, "locked at end": lockedAtEnd, "tables locked": tablesLocked, "lagging slave": laggingSlave, "lagging table": laggingTable, "block beside transactions": blockBeside, "volumes set back": olderVolumes, "volumes set back a little": littleOlder, "slow copies": slowCopies, "slow transactions unseen": unseen, "table added": tableAdded, "block added": blockAdded,
}

// TestSituations_LoseNothing runs the schedules of rare situations with all rules in place.
func TestSituations_LoseNothing(t *testing.T) {
	for name, situation := range situations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n := range schedules() / 40 {
				o := OptionsOf(n + 1)
				situation(&o)
				if out := runSeed(t, o); len(out.Violations) > 0 {
					o.Tell = true
					t.Fatalf("seed %d:\n%s", n+1, runSeed(t, o).Story)
				}
			}
		})
	}
}

// inOrder makes a situation of three pods that always reset at their end.
func inOrder(o *Options, events func(*rand.Rand) []event) {
	o.ServerCount, o.Reset = 3, akucore.ResetAlways
	o.Schedule = func(r *rand.Rand, _ Options) (int, []event) { return 3, events(r) }
}

// openedByHand: a person opens pods that are about to join.
func openedByHand(o *Options) {
	inOrder(o, func(r *rand.Rand) (events []event) {
		for range 6 {
			events = append(events, event{after: seconds(r, 3, 12), fault: openByHand(1 + r.IntN(2))})
		}
		return events
	})
}

// backAtOnce: a slave leaves while another one is cut off from it for a moment.
func backAtOnce(o *Options) {
	inOrder(o, func(r *rand.Rand) []event {
		return []event{
			{after: inService, fault: slow(akucore.Master, 900*time.Millisecond, time.Minute)},
			{fault: cut(1, 2, seconds(r, 3, 7))},
			{after: seconds(r, 0, 2), fault: endPod(1 + r.IntN(2))},
		}
	})
}

// joinsCut: a slave's first SYNC is cut, and a lower slave has to join anew at the same time.
func joinsCut(o *Options) {
	inOrder(o, func(r *rand.Rand) []event {
		both := fault{"altibase-2: the server is killed; altibase-1: the pod and its volume are lost", func(w *world) {
			killServer(2).do(w)
			loseVolume(1).do(w)
		}}
		return []event{{arm: &armed{fault: both, on: 2, of: "SYNC", moment: amid}}, {after: seconds(r, 60, 80)}}
	})
}

// syncCut: the master and a joining slave are cut off from each other for a moment.
func syncCut(o *Options) {
	inOrder(o, func(r *rand.Rand) []event {
		return []event{
			{after: seconds(r, 18, 26), fault: cut(akucore.Master, 1, 3*time.Second)},
			{after: seconds(r, 12, 24), fault: cut(akucore.Master, 2, 3*time.Second)},
		}
	})
}

// cutInDelivery: a slave was cut off from another pod before it leaves, so it has something to deliver, and
// is cut off again during that delivery.
func cutInDelivery(o *Options) {
	inOrder(o, func(r *rand.Rand) []event {
		leaver := 1 + r.IntN(2)
		peer := (leaver + 1 + r.IntN(2)) % 3
		return []event{
			{after: inService, fault: cut(leaver, peer, seconds(r, 11, 13))},
			{after: 10 * time.Second, fault: endPod(leaver)},
			{arm: &armed{fault: cut(leaver, peer, time.Minute), on: leaver, of: []string{"START", "BEAT"}[r.IntN(2)], countdown: 1 + r.IntN(2), moment: before}},
			{after: seconds(r, 40, 60)},
		}
	})
}

// masterCutOffAtEnd: a slave leaves, cut off from the master for a moment, while
// another one is away.
func masterCutOffAtEnd(o *Options) {
	inOrder(o, func(r *rand.Rand) []event {
		return []event{
			{after: inService, fault: isolate(2, time.Minute)},
			{fault: cut(akucore.Master, 1, seconds(r, 3, 10))},
			{after: time.Second, fault: endPod(1)},
			{after: time.Minute},
		}
	})
}

// writesAlone: a slave that is cut off from all others goes on, while another one leaves and joins again.
func writesAlone(o *Options) {
	inOrder(o, func(r *rand.Rand) []event {
		return []event{
			{after: inService, fault: isolate(2, seconds(r, 35, 70))},
			{after: seconds(r, 0, 3), fault: endPod(1)},
			{after: time.Minute},
		}
	})
}

// handsOverAsleep: the same, and that slave notices at once that its copy does not count, while its senders
// still sleep.
func handsOverAsleep(o *Options) {
	inOrder(o, func(r *rand.Rand) []event {
		return []event{
			{after: inService, fault: isolate(2, 40*time.Second)},
			{after: seconds(r, 0, 3), fault: endPod(1)},
			{after: seconds(r, 40, 45), fault: killSidecar(2)},
			{after: time.Minute},
		}
	})
}

// resetWhileBlind: a slave's server hangs while another one leaves, and answers again about when its pair
// with the master is reset.
func resetWhileBlind(o *Options) {
	inOrder(o, func(r *rand.Rand) (events []event) {
		events = append(events, event{fault: slow(1, 700*time.Millisecond, 5*time.Minute)})
		for range 3 {
			events = append(events,
				event{after: inService, fault: hang(1, seconds(r, 10, 20))},
				event{after: seconds(r, 0, 3), fault: endPod(2)})
		}
		return append(events, event{after: time.Minute})
	})
}

// masterLost: the master loses its volume, and a person does what it asks for.
func masterLost(o *Options) {
	inOrder(o, func(r *rand.Rand) []event {
		return []event{
			{after: inService, fault: loseVolume(akucore.Master)},
			{after: seconds(r, 30, 60), fault: follow(akucore.Master)},
			{after: seconds(r, 30, 90)},
		}
	})
}

// recovered: the master loses its volume, and a person runs aku-init recover.
func recovered(o *Options) { o.Schedule = masterRecovered }

// noSign: a person drops the sign of a recovery that has just begun.
func noSign(o *Options) { inOrder(o, nil); o.Schedule = signDropped }

// anotherSource: a recovery is interrupted, and the next one may be from another slave, while users keep
// transactions open.
func anotherSource(o *Options) {
	inOrder(o, nil)
	o.Schedule, o.Transactions, o.Linger = sourceChanges, 40, maxPods
}

// inACut: the master is lost while two slaves are cut off from each other.
func inACut(o *Options) { inOrder(o, nil); o.Schedule = lostInACut }

// copiesLost: slaves lose their volumes.
func copiesLost(o *Options) { inOrder(o, nil); o.Schedule = volumesLost }

// olderVolumes: volumes are set back to an earlier moment.
func olderVolumes(o *Options) {
	inOrder(o, nil)
	o.Schedule, o.Lists, o.AddBlock = volumesSetBack, false, false
}

// littleOlder: volumes are set back by a few seconds, in which users write much and keep nothing open.
func littleOlder(o *Options) {
	inOrder(o, nil)
	o.Schedule, o.Lists, o.AddBlock = setBackALittle, false, false
	o.WriteEvery, o.Linger, o.Transactions = 100*time.Millisecond, -1, 1
}

// remembered: a slave remembers an earlier database of a pod, which starts again, with kills on the way.
func remembered(o *Options) {
	inOrder(o, func(r *rand.Rand) (events []event) {
		of := r.IntN(3)
		by := 1 + (of+r.IntN(2))%2
		if by == of {
			by = 3 - of
		}
		events = append(events, event{after: inService, fault: remember(by, of)})
		for range r.IntN(3) {
			p := r.IntN(3)
			kill := []func(int) fault{killSidecar, killServer, killPod}[r.IntN(3)]
			events = append(events, event{after: seconds(r, 5, 40), arm: &armed{fault: kill(p), on: p, countdown: 1 + r.IntN(12), moment: moment(r.IntN(3))}})
		}
		if of == akucore.Master {
			// A slave that skips what the master writes may have more than the master: somebody says that it lacks rows.
			events = append(events, event{fault: recoverWhenAsked()}, event{after: seconds(r, 60, 90), fault: joinAnewByHand(by)})
		}
		return append(events, event{after: 3 * time.Minute})
	})
	o.Lists, o.AddBlock = false, false
}

// unseenSkips: nobody joins anew for what a peer skips. New objects and that are each enough.
func unseenSkips(o *Options) {
	start(func(v akucore.View, o akucore.StartOptions) akucore.Plan {
		v.Skipped = nil
		return akucore.PlanStart(v, o)
	})(o)
}

// undecided: a slave that skips what the master writes joins anew, and nobody is asked.
func undecided(o *Options) {
	start(func(v akucore.View, o akucore.StartOptions) akucore.Plan {
		plan := akucore.PlanStart(v, o)
		for _, s := range v.Skipped {
			if s.On == akucore.Master && v.Self == akucore.Master && plan.Human != "" {
				reset := akucore.Step{Do: akucore.Reset, Side: s, If: akucore.Unguarded}
				plan = akucore.Plan{Stages: []akucore.Stage{{Steps: []akucore.Step{{Do: akucore.Stop, Side: s}, reset}}}}
			}
		}
		return plan
	})(o)
}

// lockedAtEnd: while a slave leaves, somebody locks the tables of the master exclusively, and receivers there
// give rows up, because their timeout was lowered again.
func lockedAtEnd(o *Options) {
	o.ServerCount, o.Reset, o.LockTimeout, o.Linger, o.FlushAtEnd = 2, akucore.ResetAlways, 0, -1, true
	o.Schedule = func(r *rand.Rand, _ Options) (int, []event) {
		return 2, []event{
			{after: inService, fault: endPod(1)},
			{arm: &armed{fault: lockTables(akucore.Master, seconds(r, 9, 14)), on: 1, countdown: 1, moment: behind}},
			{after: time.Minute},
		}
	}
}

// keptButAsked: copies are lost, and a join resets objects instead of creating them anew. Each START asks the
// peer before it sets the XSN, so nothing is skipped: each of the two rules is enough.
func keptButAsked(o *Options) {
	copiesLost(o)
	kept("full join")(o)
	numbered(false)(o)
}

// fromBefore: the mesh is older than beats, and kills strike while it gets them.
func fromBefore(o *Options) {
	listChanges(o)
	o.Lists, o.BeforeBeats = false, 3
}

// inACutAndClosed: the same, and one of the two starts again: it is closed, and waits for the master.
func inACutAndClosed(o *Options) {
	inACut(o)
	o.Linger = -1 // all are in service by then: without a slave that has rows, the master would open empty
	cutOff := o.Schedule
	o.Schedule = func(r *rand.Rand, o Options) (int, []event) {
		first, events := cutOff(r, o)
		return first, slices.Insert(events, 2, event{fault: killServer(1 + r.IntN(2))})
	}
}

// masterAway: a slave starts again while the master is away for long.
func masterAway(o *Options) {
	inOrder(o, func(r *rand.Rand) []event {
		return []event{
			{after: inService, fault: isolate(akucore.Master, 5*time.Minute)},
			{after: seconds(r, 120, 150), fault: killServer(1 + r.IntN(2))},
			{after: 2 * time.Minute},
		}
	})
}

// listChanges: rolling updates change the list of tables, with kills between any two
// statements, and pods that keep their copies at their end.
func listChanges(o *Options) {
	inOrder(o, func(r *rand.Rand) (events []event) {
		for n := range 2 + r.IntN(2) {
			events = append(events, event{after: max(0, inService-time.Duration(n)*10*time.Second), fault: roll()})
			for range r.IntN(4) {
				p := r.IntN(3)
				kill := []func(int) fault{killSidecar, killServer, killPod}[r.IntN(3)]
				events = append(events, event{after: seconds(r, 0, 15), arm: &armed{fault: kill(p), on: p, countdown: 1 + r.IntN(12), moment: moment(r.IntN(3))}})
			}
		}
		return append(events, event{after: time.Minute})
	})
	o.Lists, o.Reset, o.Blocks = true, akucore.ResetAuto, 1+int(o.Seed%2)
	if o.Seed%3 == 0 {
		o.Reset = akucore.ResetNever
	}
}

// tableAdded: a rolling update adds a table, while users often keep a transaction open.
func tableAdded(o *Options) {
	inOrder(o, func(*rand.Rand) []event { return []event{{after: inService, fault: roll()}, {after: 2 * time.Minute}} })
	o.Lists, o.Reset, o.Transactions = true, akucore.ResetNever, 40
}

// blockBeside: a rolling update adds a block, with the same users.
func blockBeside(o *Options) {
	tableAdded(o)
	o.Lists, o.AddBlock, o.Blocks = false, true, 1
}

// laggingSlave: a slave's changes do not reach the master while another one joins.
func laggingSlave(o *Options) {
	inOrder(o, func(r *rand.Rand) []event {
		return []event{{after: seconds(r, 30, 42), fault: cut(akucore.Master, 1, seconds(r, 12, 20))}, {after: time.Minute}}
	})
}

// laggingTable: a slave's changes of a new table do not reach the master while another slave gets the table.
func laggingTable(o *Options) {
	tableAdded(o)
	o.Schedule = func(r *rand.Rand, _ Options) (int, []event) {
		return 3, []event{{after: inService, fault: roll()}, {after: seconds(r, 35, 55), fault: cut(akucore.Master, 2, seconds(r, 12, 20))}, {after: 2 * time.Minute}}
	}
}

// tablesLocked: now and then somebody locks the tables of a pod exclusively for a while.
func tablesLocked(o *Options) {
	inOrder(o, func(r *rand.Rand) (events []event) {
		for range 6 {
			events = append(events, event{after: seconds(r, 15, 40), fault: lockTables(r.IntN(3), seconds(r, 4, 16))})
		}
		return events
	})
}

// blockAdded: a rolling update adds a block, with kills on the way.
func blockAdded(o *Options) {
	listChanges(o)
	o.Lists, o.AddBlock, o.Blocks = o.Seed%2 == 0, true, 1
}

// slowCopies: the copy of a table takes so long that other pods sweep their pairs meanwhile.
func slowCopies(o *Options) {
	inOrder(o, func(*rand.Rand) []event {
		return []event{{after: 4 * time.Minute, fault: roll()}, {after: 5 * time.Minute}}
	})
	o.Lists, o.Reset, o.SyncTime = true, akucore.ResetNever, 100*time.Second
}

var mutations = []mutation{
	{"the manual's join: truncate, SYNC, START all", 50, start(func(v akucore.View, o akucore.StartOptions) akucore.Plan {
		return ifNamed("full join", akucore.PlanStart(v, o), func(akucore.Plan) akucore.Plan { return manualJoin(v.Mesh, v) })
	})},
	{"the manual's end: FLUSH, STOP, RESET with sessions open", 50, both(
		func(o *Options) { o.NeverClose = true }, unchecked(akucore.IfHandedOver))},

	{"objects: RESET in place of DROP and CREATE in a join", 50, both(copiesLost, kept("full join"))},
	{"objects: RESET in place of DROP and CREATE in a recovery", 50, both(both(recovered, keptInRecovery), unseenSkips)},
	{"objects: XSN set before the first handshake, where they are not new", 50, both(keptButAsked, numbered(true))},
	{"objects: nobody joins anew when an earlier database is remembered", 50, both(remembered, unseenSkips)},
	{"objects: a slave that skips what the master writes joins anew", 50, both(littleOlder, undecided)},
	{"locks: receivers give rows up", 50, both(tablesLocked, func(o *Options) { o.LockTimeout = 0 })},
	{"locks: the other slaves are not held back while SYNC waits", 50, both(slowTransactions, func(o *Options) { o.HoldNobody = true })},
	{"locks: nor after a SYNC that failed beside them", 50, both(unseen, func(o *Options) { o.HoldNobody = true })},
	{"locks: long transactions are not waited for", 50, both(slowTransactions, join(func(s akucore.Step) bool { return s.Do == akucore.Settle }))},
	{"beat: it is not waited for", 50, func(o *Options) { o.Unawaited = true }},
	{"beat: what receivers failed to apply is not read", 50, both(lockedAtEnd, func(o *Options) { o.Uncounted = true })},
	{"beat: an older database is not noticed", 50, both(olderVolumes, startSeeing(func(m akucore.Mesh, v akucore.View) {
		for pod, p := range v.Pods {
			p.Beats = map[akucore.Table]map[int]akucore.Beats{}
			for t, beats := range v.Pods[pod].Beats {
				p.Beats[t] = maps.Clone(beats)
				maps.DeleteFunc(p.Beats[t], func(of int, _ akucore.Beats) bool { return of != pod })
			}
			v.Pods[pod] = p
		}
	}))},
	{"beat: users are let in without a proof of each direction", 50, start(func(v akucore.View, o akucore.StartOptions) akucore.Plan {
		p := akucore.PlanStart(v, o)
		if p.InService {
			p = without(p, func(s akucore.Step) bool { return s.Do == akucore.Deliver })
		}
		return p
	})},

	{"guard: own copy is not complete", 50, both(openedByHand, unchecked(akucore.IfNotJoined))},
	{"guard: everything is delivered", 50, both(cutInDelivery, unchecked(akucore.IfHandedOver))},
	{"guard: its log was kept", 3000, both(resetWhileBlind, unchecked(akucore.IfKept))},
	{"guard: peer is away", 50, both(backAtOnce, unchecked(akucore.IfAway))},

	{"join: the other slaves' logs are not pinned", 50, join(func(s akucore.Step) bool {
		return s.Do == akucore.StartRetry && s.If != akucore.IfKept && s.On != akucore.Master
	})},
	{"join: the copy moves the pin of the master's log", 50, start(func(v akucore.View, o akucore.StartOptions) akucore.Plan {
		return ifNamed("full join", akucore.PlanStart(v, o), movesThePin)
	})},
	{"join: open transactions of the master are not waited for", 50, join(func(s akucore.Step) bool { return s.Do == akucore.Settle && s.On == akucore.Master })},
	{"tables: the copy of a new block moves the pin of the master's log", 50, both(blockBeside, start(func(v akucore.View, o akucore.StartOptions) akucore.Plan {
		return ifNamed(tablesInLine, akucore.PlanStart(v, o), movesThePin)
	}))},
	{"recovery: the copy moves the pin of the source's log", 200, both(anotherSource, func(o *Options) {
		o.PlanRecover = func(v akucore.View, source int, without ...int) akucore.Plan {
			return movesThePin(akucore.PlanRecover(v, source, without...))
		}
	})},
	{"join: the other slaves do not deliver to the master", 50, both(laggingSlave, join(func(s akucore.Step) bool { return s.Do == akucore.Deliver }))},
	{"join: tables are not emptied", 50, join(func(s akucore.Step) bool { return s.Do == akucore.Truncate })},
	{"join: the own sides exist while the copy is made", 50, start(func(v akucore.View, o akucore.StartOptions) akucore.Plan {
		return ifNamed("full join", akucore.PlanStart(v, o), createFirst)
	})},
	{"join: a slave whose copy is outdated is not waited for", 50, startSeeing(func(m akucore.Mesh, v akucore.View) {
		for pod, p := range v.Pods {
			if pod != m.Self && pod != akucore.Master && p.Open() && !marked(m, v, akucore.Master, pod) {
				reset(m, v, pod, akucore.Master)
			}
		}
	})},
	{"join: lower numbers do not go first", 50, both(joinsCut, startSeeing(func(m akucore.Mesh, v akucore.View) {
		for pod, p := range v.Pods {
			if pod != akucore.Master && pod < m.Self && p.Closed() && !marked(m, v, akucore.Master, pod) {
				v.Pods[pod] = akucore.Pod{Err: akucore.ErrUnreachable}
			}
		}
	}))},
	{"join: who waits does not clear an interrupted join first", 50, both(joinsCut, start(func(v akucore.View, o akucore.StartOptions) akucore.Plan {
		return ifNamed("full join", akucore.PlanStart(v, o), func(p akucore.Plan) akucore.Plan {
			copies := func(s akucore.Step) bool { return s.Do == akucore.Sync }
			if !slices.ContainsFunc(p.Stages, func(stage akucore.Stage) bool { return slices.ContainsFunc(stage.Steps, copies) }) {
				return akucore.Plan{Name: p.Name, Wait: "for somebody"}
			}
			return p
		})
	}))},
	{"join: a SYNC that was cut is repeated by itself", 50, both(syncCut, func(o *Options) { o.RepeatSync = true })},

	{"restart: a slave that joined without this pod is not noticed", 50, startSeeing(func(m akucore.Mesh, v akucore.View) {
		for pod, p := range v.Pods {
			if pod != m.Self && pod != akucore.Master && p.Open() && !(marked(m, v, pod, m.Self) && marked(m, v, m.Self, pod)) {
				reset(m, v, akucore.Master, pod)
				reset(m, v, pod, akucore.Master)
			}
		}
	})},
	{"restart: a slave opens without the master", 50, both(masterAway, start(func(v akucore.View, o akucore.StartOptions) akucore.Plan {
		if v.Self == akucore.Master || v.Pods[akucore.Master].Open() {
			return akucore.PlanStart(v, o)
		}
		v = seen(v)
		v.Pods[akucore.Master] = akucore.Pod{}
		for _, g := range v.Blocks {
			v.Pods[akucore.Master] = with(v.Pods[akucore.Master], akucore.Object{Name: g.Object(akucore.PairOf(0, v.Self)), XSN: 1, Tables: g.Tables})
		}
		return without(akucore.PlanStart(v, o), func(s akucore.Step) bool {
			return s.On == akucore.Master || s.Do != akucore.Open && s.Peer == akucore.Master
		})
	}))},
	{"restart: the master being reset is not noticed", 50, startSeeing(func(m akucore.Mesh, v akucore.View) {
		if m.Self != akucore.Master && v.Pods[akucore.Master].Open() && marked(m, v, m.Self, akucore.Master) {
			for _, g := range m.Blocks {
				name := g.Object(akucore.PairOf(0, m.Self))
				if o, ok := v.Pods[akucore.Master].Objects[name]; ok && o.XSN == akucore.Unset {
					o.XSN = 1
					v.Pods[akucore.Master] = with(v.Pods[akucore.Master], o)
				}
			}
		}
	})},
	{"hand over: slaves that may lack something are left alone", 50, both(writesAlone, start(func(v akucore.View, o akucore.StartOptions) akucore.Plan {
		return ifNamed("hand over and give up the copy", akucore.PlanStart(v, o), func(p akucore.Plan) akucore.Plan { return withoutOthers(v.Mesh, p) })
	}))},
	{"hand over: nothing is delivered", 50, both(handsOverAsleep, start(func(v akucore.View, o akucore.StartOptions) akucore.Plan {
		return ifNamed("hand over and give up the copy", akucore.PlanStart(v, o), func(p akucore.Plan) akucore.Plan {
			// Connecting is half of it: what is on a link arrives in a moment.
			return without(p, func(s akucore.Step) bool { return s.Do == akucore.Deliver || s.Do == akucore.Start })
		})
	}))},
	{"restart: a changed table list is not noticed", 50, both(listChanges, startSeeing(func(m akucore.Mesh, v akucore.View) {
		if m.Self == akucore.Master || !marked(m, v, m.Self, akucore.Master) {
			return
		}
		for _, g := range m.Blocks {
			for pod, p := range v.Pods {
				for _, peer := range m.Peers() {
					if o, ok := p.Objects[g.Object(akucore.PairOf(pod, peer))]; ok {
						o.Tables = g.Tables
						p.Objects[o.Name] = o
					}
				}
				if o, ok := p.Objects[g.Object(akucore.PairOf(pod, m.Self))]; ok {
					o.Tables = g.Tables
					p.Objects[o.Name] = o
				}
			}
		}
	}))},
	{"join: open transactions of others are not waited for", 50, join(func(s akucore.Step) bool { return s.Do == akucore.Settle && s.On != akucore.Master })},
	{"tables: open transactions of others are not waited for", 50, both(blockBeside, lists(func(_ akucore.Mesh, s akucore.Step) bool { return s.Do == akucore.Settle }))},
	{"tables: the mark of a complete copy is kept", 50, both(listChanges, lists(func(_ akucore.Mesh, s akucore.Step) bool { return s.Do == akucore.Reset }))},
	{"tables: new ones are not emptied", 50, both(listChanges, lists(func(_ akucore.Mesh, s akucore.Step) bool { return s.Do == akucore.Truncate }))},
	{"tables: what others wrote to new ones is not delivered first", 50, both(laggingTable, lists(func(m akucore.Mesh, s akucore.Step) bool {
		return s.Do == akucore.Deliver && s.Peer == akucore.Master && s.On != m.Self
	}))},
	{"tables: new ones are added to the others' sides after the copy", 50, both(listChanges, moved(-2, func(m akucore.Mesh, s akucore.Step) bool {
		return s.Do == akucore.AddTables && s.On != m.Self && s.On != akucore.Master
	}))},
	{"tables: the own sides follow before the copy", 50, both(slowCopies, moved(-4, func(m akucore.Mesh, s akucore.Step) bool {
		return s.Do == akucore.AddTables && s.On == m.Self && s.Peer != akucore.Master
	}))},
	{"tables: a new block is not pinned", 50, both(blockAdded, moved(-2, func(m akucore.Mesh, s akucore.Step) bool {
		return (s.Do == akucore.StartRetry || s.Do == akucore.Create) && s.On != m.Self && s.On != akucore.Master
	}))},
	{"tables: a new block's own sides are made before the copy", 50, both(both(slowCopies, blockAdded), func(o *Options) {
		moved(-4, func(m akucore.Mesh, s akucore.Step) bool {
			return s.Do == akucore.Create && s.On == m.Self && s.Peer != akucore.Master
		})(o)
	})},
	{"join: reset objects with another list are kept", 50, both(listChanges, join(func(s akucore.Step) bool {
		return s.Do == akucore.Drop && (s.On == akucore.Master || s.Peer == akucore.Master)
	}))},
	{"in service: an outdated copy is not noticed", 50, func(o *Options) { o.NoSweep = true }},

	{"guard: the source is in service and complete", 50, both(noSign, unchecked(akucore.IfRecovering))},
	{"recovery: no sign says that it is under way", 50, both(recovered, both(recovery(func(s akucore.Step) bool {
		return s.Do == akucore.BeginRecovery || s.Do == akucore.EndRecovery
	}), unchecked(akucore.IfRecovering)))},
	{"recovery: the other slaves do not deliver to the source", 50, both(inACut, recovery(func(s akucore.Step) bool {
		// Connecting is half of it: what is on a link arrives in a moment.
		return s.Do == akucore.Deliver || s.On != akucore.Master && s.Peer != akucore.Master
	}))},
	{"recovery: the other slaves' logs for the master are not kept", 50, both(recovered, recovery(func(s akucore.Step) bool { return s.Do == akucore.StartRetry }))},
	{"recovery: open transactions of the other slaves are not waited for", 200, both(anotherSource, recovery(func(s akucore.Step) bool { return s.Do == akucore.Settle }))},
	{"recovery: the master is not emptied", 50, both(recovered, recovery(func(s akucore.Step) bool { return s.Do == akucore.Truncate }))},
	{"recovery: the other slaves deliver into the half-made copy", 50, both(recovered, createFirstInRecovery)},
	{"recovery: slaves that cannot deliver are not waited for", 50, both(inACutAndClosed, func(o *Options) {
		o.PlanRecover = func(v akucore.View, source int, _ ...int) akucore.Plan {
			return akucore.PlanRecover(v, source, v.Peers()...)
		}
	})},
	{"start: the sign of a recovery is not noticed", 50, both(recovered, startSeeing(func(m akucore.Mesh, v akucore.View) {
		for source := range m.ServerCount {
			delete(v.Pods[akucore.Master].Objects, m.RecoverySign(source, "").Name)
		}
	}))},

	{"end: nothing is delivered", 50, both(cutInDelivery, end(func(v akucore.View, o akucore.EndOptions) akucore.Plan {
		return without(akucore.PlanEnd(v, o), func(s akucore.Step) bool { return s.Do == akucore.Deliver })
	}))},
	{"end: slaves that may lack something are left alone", 50, both(writesAlone, end(func(v akucore.View, o akucore.EndOptions) akucore.Plan {
		return withoutOthers(v.Mesh, akucore.PlanEnd(v, o))
	}))},
}

// manualJoin is the order of the vendor's manual: all objects, TRUNCATE, SYNC from the master, and START
// everywhere.
func manualJoin(m akucore.Mesh, v akucore.View) akucore.Plan {
	var create, sync, begin []akucore.Step
	for g := range m.Blocks {
		for _, peer := range m.Peers() {
			if !v.Pods[peer].Open() {
				continue
			}
			for _, side := range [][2]int{{m.Self, peer}, {peer, m.Self}} {
				at := akucore.Step{Side: akucore.Side{On: side[0], Peer: side[1]}, Block: g}
				step := func(do akucore.Verb) akucore.Step { s := at; s.Do = do; return s }
				o, exists := v.Pods[side[0]].Objects[m.Blocks[g].Object(akucore.PairOf(side[0], side[1]))]
				switch {
				case !exists:
					create = append(create, step(akucore.Create))
				case o.Started:
					create = append(create, step(akucore.Stop), step(akucore.Reset))
				case o.XSN != akucore.Unset:
					create = append(create, step(akucore.Reset))
				}
				if side[0] != akucore.Master {
					begin = append(begin, step(akucore.Start))
				}
			}
		}
		sync = append(sync, akucore.Step{Do: akucore.Sync, Side: akucore.Side{On: akucore.Master, Peer: m.Self}, Block: g})
	}
	return akucore.Plan{Name: "full join", Stages: []akucore.Stage{
		{Steps: create},
		{Steps: []akucore.Step{{Do: akucore.Truncate, Side: akucore.Side{On: m.Self}, If: akucore.IfNotJoined, Tables: m.Tables()}}},
		{Steps: sync}, {Steps: begin},
	}}
}

// movesThePin has a SYNC copy the whole object, which begins its log anew.
func movesThePin(p akucore.Plan) akucore.Plan {
	for i := range p.Stages {
		for j := range p.Stages[i].Steps {
			p.Stages[i].Steps[j].Pinned = false
		}
	}
	return p
}

// createFirst creates first the sides that a join creates last.
func createFirst(p akucore.Plan) akucore.Plan {
	isCreate := func(s akucore.Step) bool { return s.Do == akucore.Create }
	var first akucore.Stage
	var gone []akucore.Step
	for _, stage := range p.Stages {
		for _, s := range stage.Steps {
			switch s.Do {
			case akucore.Create:
				first.Steps = append(first.Steps, s)
			case akucore.Drop:
				gone = append(gone, s)
			}
		}
	}
	p = without(p, func(s akucore.Step) bool {
		return isCreate(s) || slices.ContainsFunc(gone, func(g akucore.Step) bool { return g.On == s.On && g.Peer == s.Peer && s.Do == akucore.Drop })
	})
	// After the clean stage, if there is one.
	at := 0
	for i, stage := range p.Stages {
		if slices.ContainsFunc(stage.Steps, func(s akucore.Step) bool { return s.Do == akucore.Reset }) {
			at = i + 1
		}
	}
	if len(first.Steps) > 0 {
		p.Stages = slices.Insert(p.Stages, at, first)
	}
	return p
}

// withoutOthers removes a plan's steps on pairs of others.
func withoutOthers(m akucore.Mesh, p akucore.Plan) akucore.Plan {
	return without(p, func(s akucore.Step) bool {
		return s.On == akucore.Master && s.Peer != m.Self && m.Self != akucore.Master
	})
}

func both(a, b func(*Options)) func(*Options) { return func(o *Options) { a(o); b(o) } }

func unchecked(g akucore.Guard) func(*Options) {
	return func(o *Options) { o.Unguarded = g }
}

func start(plan func(akucore.View, akucore.StartOptions) akucore.Plan) func(*Options) {
	return func(o *Options) { o.PlanStart = plan }
}

func end(plan func(akucore.View, akucore.EndOptions) akucore.Plan) func(*Options) {
	return func(o *Options) { o.PlanEnd = plan }
}

// join removes steps from a full join.
func join(away func(akucore.Step) bool) func(*Options) {
	return start(func(v akucore.View, o akucore.StartOptions) akucore.Plan {
		return ifNamed("full join", akucore.PlanStart(v, o), func(p akucore.Plan) akucore.Plan { return without(p, away) })
	})
}

// lists removes steps from a change of the list of tables.
func lists(away func(akucore.Mesh, akucore.Step) bool) func(*Options) {
	return start(func(v akucore.View, o akucore.StartOptions) akucore.Plan {
		return ifNamed(tablesInLine, akucore.PlanStart(v, o), func(p akucore.Plan) akucore.Plan {
			return without(p, func(s akucore.Step) bool { return away(v.Mesh, s) })
		})
	})
}

// moved runs steps of a change of the list of tables in a stage of their own, so many stages before the end.
func moved(at int, which func(akucore.Mesh, akucore.Step) bool) func(*Options) {
	return start(func(v akucore.View, o akucore.StartOptions) akucore.Plan {
		return ifNamed(tablesInLine, akucore.PlanStart(v, o), func(p akucore.Plan) akucore.Plan {
			stage := akucore.Stage{Title: "moved"}
			for _, other := range p.Stages {
				for _, s := range other.Steps {
					if which(v.Mesh, s) {
						stage.Steps = append(stage.Steps, s)
					}
				}
			}
			p = without(p, func(s akucore.Step) bool { return which(v.Mesh, s) })
			if len(stage.Steps) > 0 {
				p.Stages = slices.Insert(p.Stages, max(0, len(p.Stages)+at), stage)
			}
			return p
		})
	})
}

// kept makes a plan reset objects that it would drop and create. Objects towards other slaves are excepted,
// because their absence keeps what those slaves hold back.
func kept(name string) func(*Options) {
	return start(func(v akucore.View, o akucore.StartOptions) akucore.Plan {
		p := akucore.PlanStart(v, o)
		return ifNamed(name, p, func(p akucore.Plan) akucore.Plan {
			return resetInstead(p, func(s akucore.Step) bool { return s.On != v.Self || s.Peer == akucore.Master })
		})
	})
}

// keptInRecovery does that for the source's side of a recovery.
func keptInRecovery(o *Options) {
	o.PlanRecover = func(v akucore.View, source int, without ...int) akucore.Plan {
		return resetInstead(akucore.PlanRecover(v, source, without...), func(s akucore.Step) bool { return s.On == source })
	}
}

// resetInstead makes a plan reset objects instead of a DROP and the CREATE that follows.
func resetInstead(p akucore.Plan, which func(akucore.Step) bool) akucore.Plan {
	type object struct{ on, peer, block int }
	key := func(s akucore.Step) object { return object{s.On, s.Peer, s.Block} }
	kept := map[object]bool{}
	stages := slices.Clone(p.Stages)
	for i := range stages {
		stages[i].Steps = slices.Clone(stages[i].Steps)
		for j, s := range stages[i].Steps {
			if s.Do == akucore.Drop && which(s) {
				kept[key(s)] = true
				stages[i].Steps[j].Do = akucore.Reset
			}
		}
	}
	p.Stages = stages
	return without(p, func(s akucore.Step) bool { return s.Do == akucore.Create && kept[key(s)] })
}

// numbered makes each START set the XSN before it asks the peer, or none.
func numbered(first bool) func(*Options) {
	return func(o *Options) {
		rules := o.PlanStart
		o.PlanStart = func(v akucore.View, so akucore.StartOptions) akucore.Plan {
			p := rules(v, so)
			for i := range p.Stages {
				p.Stages[i].Steps = slices.Clone(p.Stages[i].Steps)
				for j, s := range p.Stages[i].Steps {
					p.Stages[i].Steps[j].New = first && s.Do == akucore.Start
					if !first && s.Do == akucore.StartRetry && s.On == v.Self && v.Pods[s.Peer].Open() {
						p.Stages[i].Steps[j].Do = akucore.Start
					}
				}
			}
			return p
		}
	}
}

const tablesInLine = "bring the tables in line with the configuration"

// startSeeing makes the rules of a start see something else than what is true.
func startSeeing(change func(akucore.Mesh, akucore.View)) func(*Options) {
	return start(func(v akucore.View, o akucore.StartOptions) akucore.Plan {
		v = seen(v)
		change(v.Mesh, v)
		return akucore.PlanStart(v, o)
	})
}

// recovery removes steps from a recovery of the master.
func recovery(away func(akucore.Step) bool) func(*Options) {
	return func(o *Options) {
		less := without
		o.PlanRecover = func(v akucore.View, source int, without ...int) akucore.Plan {
			return less(akucore.PlanRecover(v, source, without...), away)
		}
	}
}

// createFirstInRecovery gives the other slaves their objects on the master before it is emptied and filled.
func createFirstInRecovery(o *Options) {
	o.PlanRecover = func(v akucore.View, source int, without ...int) akucore.Plan {
		p := akucore.PlanRecover(v, source, without...)
		var first akucore.Stage
		for i := range p.Stages {
			p.Stages[i].Steps = slices.DeleteFunc(slices.Clone(p.Stages[i].Steps), func(s akucore.Step) bool {
				if s.Do == akucore.Create {
					first.Steps = append(first.Steps, s)
				}
				return s.Do == akucore.Create || s.Do == akucore.Drop
			})
		}
		if len(p.Stages) > 0 {
			p.Stages = slices.Insert(p.Stages, 1, first)
		}
		return p
	}
}

func ifNamed(name string, p akucore.Plan, change func(akucore.Plan) akucore.Plan) akucore.Plan {
	if p.Name == name && len(p.Stages) > 0 {
		return change(p)
	}
	return p
}

// without removes steps from a plan.
func without(p akucore.Plan, away func(akucore.Step) bool) akucore.Plan {
	stages := p.Stages
	p.Stages = nil
	for _, stage := range stages {
		stage.Steps = slices.DeleteFunc(slices.Clone(stage.Steps), away)
		if len(stage.Steps) > 0 {
			p.Stages = append(p.Stages, stage)
		}
	}
	return p
}

// seen copies a view, so that it can be changed.
func seen(v akucore.View) akucore.View {
	v.Pods = maps.Clone(v.Pods)
	for pod, p := range v.Pods {
		p.Objects = maps.Clone(p.Objects)
		v.Pods[pod] = p
	}
	return v
}

func with(p akucore.Pod, o akucore.Object) akucore.Pod {
	p.Objects = maps.Clone(p.Objects)
	if p.Objects == nil {
		p.Objects = map[string]akucore.Object{}
	}
	p.Objects[o.Name] = o
	return p
}

// reset makes a view show a pod's side of a pair as reset.
func reset(m akucore.Mesh, v akucore.View, pod, peer int) {
	for _, g := range m.Blocks {
		if o, ok := v.Pods[pod].Objects[g.Object(akucore.PairOf(pod, peer))]; ok {
			o.XSN, o.Started, o.Sender = akucore.Unset, false, akucore.SenderNone
			v.Pods[pod].Objects[o.Name] = o
		}
	}
}

// marked tells whether a pod's side of a pair has an XSN in every block.
func marked(m akucore.Mesh, v akucore.View, pod, peer int) bool {
	for _, g := range m.Blocks {
		if o, ok := v.Pods[pod].Objects[g.Object(akucore.PairOf(pod, peer))]; !ok || o.XSN == akucore.Unset {
			return false
		}
	}
	return true
}
