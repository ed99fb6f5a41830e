package simulation

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
)

// aku-init recover, and a person who runs it whenever the master asks for it.

const (
	// turnPatience is how long the sidecar may take to give up its turn.
	turnPatience = 15 * time.Second
	// refusals is how often the person accepts a refusal before following it.
	refusals = 6
)

var errRefused = errors.New("refused")

// masterRecovered is a schedule in which the master loses its volume while users write on the slaves. A
// person runs aku-init recover until the master is in service. Kills strike that program and its servers
// beside some of the statements.
func masterRecovered(r *rand.Rand, o Options) (first int, events []event) {
	first = min(2+r.IntN(3), o.ServerCount)
	victim := 0 // a slave that faults strike; at least one other slave must stay, or nobody has the rows
	if first > 2 {
		victim = 1 + r.IntN(first-1)
	}
	events = append(events, event{after: time.Duration(first)*20*time.Second + seconds(r, 0, 20)})
	if victim > 0 && r.IntN(2) == 0 {
		other := 1 + victim%(first-1)
		events = append(events, event{fault: []fault{
			cut(victim, other, seconds(r, 1, 90)), killServer(victim), isolate(victim, seconds(r, 1, 90)), hang(victim, seconds(r, 1, 60)),
		}[r.IntN(4)]}, event{after: seconds(r, 0, 12)})
	}
	events = append(events, event{fault: loseVolume(akucore.Master)}, event{fault: recoverWhenAsked()})
	for range r.IntN(5) {
		kills := []fault{killRecover(), killRecover(), killSidecar(akucore.Master), killServer(akucore.Master), killPod(akucore.Master), endPod(akucore.Master)}
		if victim > 0 {
			kills = append(kills, killServer(victim), killPod(victim), deletePod(victim), hang(victim, seconds(r, 1, 60)),
				cut(akucore.Master, victim, seconds(r, 1, 60)), isolate(victim, seconds(r, 1, 90)))
		}
		events = append(events, event{arm: &armed{
			fault: kills[r.IntN(len(kills))], on: akucore.Master, countdown: 1 + r.IntN(8*first), moment: moment(r.IntN(3)),
		}})
	}
	return first, append(events, event{after: seconds(r, 60, 180)})
}

// seconds is a time between two numbers of seconds.
func seconds(r *rand.Rand, from, to int) time.Duration {
	return time.Duration(from*1000+r.IntN((to-from)*1000)) * time.Millisecond
}

// signDropped is a schedule in which a person drops the sign of a recovery before anything was destroyed.
func signDropped(r *rand.Rand, _ Options) (first int, events []event) {
	drop := onPod(akucore.Master, "somebody drops the sign of the recovery", func(p *pod) {
		delete(p.volume.objects, fmt.Sprintf("AKU_RECOVERY_%d", p.volume.sign(p.w)))
	})
	return 3, []event{
		{after: inService, fault: loseVolume(akucore.Master)}, {fault: recoverWhenAsked()},
		{arm: &armed{fault: drop, on: akucore.Master, of: "CREATE AKU_RECOVERY", moment: behind}}, {after: seconds(r, 60, 120)},
	}
}

// sourceChanges is a schedule in which a recovery is interrupted when its source has given up its log for the
// master and begun anew. The next recovery may be from another slave.
func sourceChanges(r *rand.Rand, _ Options) (first int, events []event) {
	return 3, []event{
		{after: inService, fault: loseVolume(akucore.Master)}, {fault: recoverWhenAsked()},
		{arm: &armed{fault: killRecover(), on: akucore.Master, of: "TRUNCATE", moment: before}}, {after: seconds(r, 60, 120)},
	}
}

// lostInACut is a schedule in which the master is lost while two slaves are cut off from each other. What
// they wrote meanwhile was only on the master.
func lostInACut(r *rand.Rand, _ Options) (first int, events []event) {
	return 3, []event{
		{after: inService, fault: cut(1, 2, seconds(r, 40, 70))}, {after: seconds(r, 10, 14), fault: loseVolume(akucore.Master)},
		{fault: recoverWhenAsked()}, {after: seconds(r, 60, 120)},
	}
}

// inService is the time until three pods are usually in service.
const inService = 55 * time.Second

// recoverWhenAsked has a person run aku-init recover whenever the master asks for it.
func recoverWhenAsked() fault {
	return fault{"somebody runs aku-init recover from now on whenever the master asks for it", func(w *world) { w.spawn(w.recoverMaster) }}
}

func killRecover() fault {
	return onPod(akucore.Master, "aku-init recover is killed", (*pod).killRecover)
}

// recoverMaster tries one slave after the other until the run ends.
func (w *world) recoverMaster() {
	refused := 0
	for {
		w.mu.Lock()
		wait := w.between(dieRecover, 0, 0, 0, 2*time.Second, 15*time.Second)
		w.mu.Unlock()
		if pause(w.ctx, wait) != nil {
			return
		}
		w.mu.Lock()
		w.chooseMaster()
		p := w.pods[akucore.Master]
		if p == nil || p.ending || p.human == "" || p.sidecar == nil || w.countAsLost(p) {
			w.mu.Unlock()
			continue
		}
		source := w.likelySource(p)
		var without []int
		if refused > refusals {
			without = w.goOnWithout(source)
		}
		w.mu.Unlock()
		err := p.recoverFrom(source, without)
		w.mu.Lock()
		w.tell("aku-init recover --from %d, without %v: %v", source, without, err)
		w.figures.Recoveries++
		refused++
		if !errors.Is(err, errRefused) {
			refused = 0
		}
		w.mu.Unlock()
	}
}

// countAsLost is a person who has a master that was set back count as lost, where it asks for a decision but
// not for a recovery. Callers hold the lock.
func (w *world) countAsLost(master *pod) bool {
	if !w.isSetBack(master.volume) || len(master.asks) == 0 || slices.ContainsFunc(master.asks, func(s akucore.Step) bool { return s.Do == akucore.BeginRecovery }) {
		return false
	}
	w.tell("--- somebody has the master count as lost")
	master.followOnce()
	return true
}

// goOnWithout is a person who follows a refusal. A slave that restarted waits for the master, closed, and the
// master waits for it, so the person opens it. A slave that does not come back is given up. A source that
// runs is not: its users go on, and its log for the master was reset. Callers hold the lock.
func (w *world) goOnWithout(source int) (without []int) {
	for pod := 1; pod < w.options.ServerCount; pod++ {
		s := w.running(pod)
		if s != nil && s.adminMode && (w.joined(pod) || w.sources[pod]) && !w.away(akucore.Master, pod) {
			openByHand(pod).do(w)
		} else if pod != source && w.volumes[pod] != nil && !(w.sources[pod] && s != nil) {
			without = append(without, pod)
		}
	}
	return without
}

// chooseMaster is a person who decides for the master where a slave knows more than the master in service:
// the slave gets the master's copy. Where the slave asks for the opposite, the person deletes its volume.
// Callers hold the lock.
func (w *world) chooseMaster() {
	for _, p := range w.pods[1:] {
		if p == nil || p.ending || p.sidecar == nil || p.human == "" || len(p.asks) == 0 {
			continue
		}
		w.tell("--- somebody has altibase-%d take the master's copy", p.number)
		w.giveUp(akucore.Master, []int{p.number})
		if slices.ContainsFunc(p.asks, func(s akucore.Step) bool { return s.On != p.number }) {
			loseVolume(p.number).do(w)
			continue
		}
		w.chosen()
		p.followOnce()
	}
}

// chosen has the master's copy be whole by a person's choice: one that lost its volume while no slave was in service
// opened with what it had. Callers hold the lock.
func (w *world) chosen() {
	for t := range w.volumes[akucore.Master].complete {
		w.volumes[akucore.Master].complete[t] = true
	}
}

// followOnce does what the pod asks for now. If that is not enough, the pod asks again. Callers hold the lock.
func (p *pod) followOnce() {
	p.follow(func(error) {})
	p.human, p.asks = "", nil
}

// likelySource is any slave in service. Without one it is the source of an earlier recovery. Callers hold the
// lock.
func (w *world) likelySource(master *pod) int {
	var open []int
	for pod := 1; pod < w.options.ServerCount; pod++ {
		if s := w.running(pod); s != nil && !s.adminMode && !w.away(akucore.Master, pod) && w.volumes[pod].whole() {
			open = append(open, pod)
		}
	}
	pick := int(w.roll(dieRecover, 1, 0, 0) >> 8)
	if len(open) > 0 {
		return open[pick%len(open)]
	}
	if source := master.volume.sign(w); source > 0 {
		return source
	}
	return 1 + pick%(w.options.ServerCount-1)
}

// sign is the source of a recovery in progress, or -1.
func (v *volume) sign(w *world) int {
	for source := 1; source < w.options.ServerCount; source++ {
		if v.objects[fmt.Sprintf("AKU_RECOVERY_%d", source)] != nil {
			return source
		}
	}
	return -1
}

// recoverFrom is recovery.Run of aku-init recover.
func (p *pod) recoverFrom(source int, without []int) error {
	p.w.mu.Lock()
	if p.recoverer != nil || p.sidecar == nil {
		p.w.mu.Unlock()
		return errors.New("there is no container to run it in")
	}
	c := p.w.newClient(p.number, recoverer)
	p.recoverer = c
	close(p.turn)
	request := p.request
	p.w.mu.Unlock()
	defer func() {
		c.CloseIdle()
		p.w.mu.Lock()
		defer p.w.mu.Unlock()
		p.leaveTurn(c)
	}()
	waiting, cancel := context.WithTimeout(c.ctx, turnPatience)
	defer cancel()
	if !p.takeLock(waiting, c) {
		return errors.New("the sidecar did not let go")
	}
	ctx, stop := context.WithCancel(c.ctx)
	defer stop()
	p.w.spawn(func() {
		select {
		case <-request:
			_ = pause(ctx, endPoll)
		case <-ctx.Done():
		}
		stop()
	})
	rules := p.w.options.PlanRecover
	if rules == nil {
		rules = akucore.PlanRecover
	}
	r := p.runner(c)
	var last error
	for range r.RetryCount + 1 {
		view, err := lifecycle.Observe(ctx, r.Mesh, c, -1)
		if err != nil {
			return errors.Join(err, last)
		}
		plan := p.unguarded(c, rules(view, source, without...))
		if plan.Wait != "" {
			return errors.Join(fmt.Errorf("%w: %s", errRefused, plan.Wait), last)
		}
		p.w.mu.Lock()
		p.w.sources[source] = true
		p.w.giveUp(source, without)
		p.w.mu.Unlock()
		last = r.Run(ctx, plan)
		if last == nil || ctx.Err() != nil {
			return last
		}
		c.CloseIdle()
	}
	return last
}

// giveUp records what may be lost because a person went on without slaves that could not deliver. Callers
// hold the lock.
func (w *world) giveUp(source int, without []int) {
	for _, pod := range without {
		v := w.volumes[pod]
		for t := range v.rows {
			for _, c := range w.volumes[source].lacks(v, t) {
				w.givenUp[place{t, c.key}] = true
			}
		}
	}
}

// killRecover ends aku-init recover, if it runs. Callers hold the lock.
func (p *pod) killRecover() {
	if c := p.recoverer; c != nil {
		c.kill()
		p.leaveTurn(c)
	}
}

// leaveTurn gives the turn back to the sidecar, as the death of aku-init recover does. Callers hold the lock.
func (p *pod) leaveTurn(c *client) {
	p.unlock(c)
	if p.recoverer == c {
		p.recoverer = nil
		p.turn = make(chan struct{})
	}
}

// mayRecover checks that the master is closed and has the sign when aku-init recover empties it or resets a
// pair, and that only the master or the source is changed. Callers hold the lock.
func (s *server) mayRecover(what string, table int) {
	w := s.w
	master := w.volumes[akucore.Master]
	source := -1
	if master != nil {
		source = master.sign(w)
	}
	if source < 0 || w.volumes[source] == nil {
		w.violated("(f) %s on altibase-%d by aku-init recover, and the master bears no sign of it", what, s.pod)
		return
	}
	if m := w.running(akucore.Master); m != nil && m.open() {
		w.violated("(f) %s on altibase-%d by aku-init recover, and the master is open", what, s.pod)
	}
	if s.pod != akucore.Master && s.pod != source {
		w.violated("(f) %s on altibase-%d by aku-init recover, which is not the source", what, s.pod)
	}
	if c, lacks := w.lacks(w.volumes[source], s.volume, table); lacks && s.pod != source {
		w.violated("(f) %s on altibase-%d by aku-init recover: %s never reached the source altibase-%d", what, s.pod, c, source)
	}
}
