package simulation

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"aku/internal/akucore"
)

// moment is when an armed fault strikes, relative to a statement.
type moment int

const (
	before moment = iota // it is not sent yet
	amid                 // it runs
	behind               // it is done, and its sender does not know
)

func (m moment) String() string { return [...]string{"before", "in the middle of", "right after"}[m] }

// armed is a fault that waits for a statement.
type armed struct {
	fault     fault
	on        int    // pod whose programs send the statement
	of        string // the beginning of the statement
	countdown int
	moment    moment
}

// fault is something that goes wrong, or that a person does.
type fault struct {
	name string
	do   func(*world)
}

// event is a fault at a time.
type event struct {
	after time.Duration // since the last event
	fault fault
	arm   *armed // then wait for a statement
}

// strike runs the faults that wait for this statement. Callers hold the lock.
func (w *world) strike(c *conn, statement string, m moment) {
	if c.dead {
		return
	}
	for i := 0; i < len(w.armed); i++ {
		a := w.armed[i]
		if a.on != c.pod || a.moment != m || !strings.HasPrefix(statement, a.of) {
			continue
		}
		if a.countdown--; a.countdown > 0 {
			continue
		}
		w.armed = append(w.armed[:i], w.armed[i+1:]...)
		i--
		strike := func() {
			w.tell("--- %s, %s a statement of %s", a.fault.name, a.moment, c.client)
			w.figures.Faults++
			a.fault.do(w)
		}
		if m == amid {
			w.after(w.between(dieGhost, c.pod, c.to, 99, time.Millisecond, 2*time.Second), strike)
			continue
		}
		strike()
	}
}

// schedule makes the events of a seed.
func schedule(r *rand.Rand, o Options) (first int, events []event) {
	pods := o.ServerCount
	first = 1 + r.IntN(pods)
	n := 3 + r.IntN(10)
	for range n {
		e := event{fault: someFault(r, o, pods)}
		switch r.IntN(4) {
		case 0: // at once
		case 1:
			e.after = time.Duration(r.IntN(3000)) * time.Millisecond
		default:
			e.after = time.Duration(r.IntN(25000)) * time.Millisecond
		}
		events = append(events, e)
		if r.IntN(3) == 0 {
			p := r.IntN(pods)
			target := p
			if r.IntN(3) == 0 {
				target = r.IntN(pods)
			}
			events = append(events, event{arm: &armed{
				fault: someKill(r, o, target), on: p, countdown: 1 + r.IntN(12), moment: moment(r.IntN(3)),
			}})
		}
	}
	return first, events
}

// someKill is a fault that strikes beside a statement.
func someKill(r *rand.Rand, o Options, p int) fault {
	switch r.IntN(8) {
	case 0, 1:
		return killServer(p)
	case 2, 3:
		return killSidecar(p)
	case 4:
		return killHook(p)
	case 5:
		return deletePod(p)
	case 6:
		return endPod(p)
	}
	if o.LoseVolumes && p != akucore.Master {
		return loseVolume(p)
	}
	return killPod(p)
}

func someFault(r *rand.Rand, o Options, pods int) fault {
	p, q := r.IntN(pods), r.IntN(pods)
	lasts := time.Duration(1+r.IntN(90)) * time.Second
	switch r.IntN(16) {
	case 0, 1, 2, 3:
		return scale(1 + r.IntN(pods))
	case 4:
		return killServer(p)
	case 5:
		return killSidecar(p)
	case 6:
		return killPod(p)
	case 7:
		return endPod(p)
	case 8:
		return roll()
	case 9:
		return reboot(r, pods)
	case 10:
		return cutOff(p, q, lasts)
	case 11:
		return hang(p, lasts)
	case 12:
		return slow(p, time.Duration(100+r.IntN(3000))*time.Millisecond, lasts)
	case 13:
		return deletePod(p)
	case 14:
		if o.LoseVolumes && p != akucore.Master {
			return loseVolume(p)
		}
		return killServer(q)
	}
	return killHook(p)
}

// cutOff cuts a pod off from another one, or with itself from all.
func cutOff(p, q int, lasts time.Duration) fault {
	if p == q {
		return isolate(p, lasts)
	}
	return cut(p, q, lasts)
}

func scale(replicas int) fault {
	return fault{fmt.Sprintf("scale to %d", replicas), func(w *world) { w.set.replicas = replicas }}
}

func roll() fault {
	return fault{"rolling update", func(w *world) { w.set.revision++ }}
}

// onPod is a fault of a pod, if there is one.
func onPod(p int, what string, do func(*pod)) fault {
	return fault{fmt.Sprintf("altibase-%d: %s", p, what), func(w *world) {
		if w.pods[p] != nil {
			do(w.pods[p])
		}
	}}
}

func killServer(p int) fault  { return onPod(p, "the server is killed", (*pod).killServer) }
func killSidecar(p int) fault { return onPod(p, "the sidecar is killed", (*pod).killSidecar) }
func killPod(p int) fault {
	return onPod(p, "all containers are killed", (*pod).killContainers)
}
func deletePod(p int) fault {
	return onPod(p, "deleted by force", (*pod).gone)
}
func endPod(p int) fault { return onPod(p, "drained", (*pod).end) }

// remember makes a server remember a pod's log up to a number that only an earlier database of that pod had,
// and kills the pod's server.
func remember(by, of int) fault {
	return fault{fmt.Sprintf("altibase-%d remembers an earlier database of altibase-%d, whose server is killed", by, of), func(w *world) {
		for _, block := range w.pods[of].mesh().Blocks {
			if s := w.running(by); s != nil {
				s.told[block.Object(akucore.PairOf(by, of))] = 1 << 40
			}
		}
		killServer(of).do(w)
	}}
}

// openByHand is a person who sets ADMIN_MODE to 0.
func openByHand(p int) fault {
	return onPod(p, "opened by hand", func(p *pod) {
		if p.server != nil && p.server.up && p.server.adminMode {
			p.server.adminMode, p.server.byHand, p.server.opened = false, true, time.Now()
		}
	})
}

// follow is a person who does, one after the other, what a pod asks for.
func follow(p int) fault {
	return onPod(p, "somebody does what it asks for", func(p *pod) {
		p.follow(func(err error) { p.w.violated("(e) what altibase-%d asked for fails: %v", p.number, err) })
	})
}

// joinAnewByHand is a person who resets a slave's pair on the master, because the slave lacks rows.
func joinAnewByHand(slave int) fault {
	return onPod(akucore.Master, fmt.Sprintf("somebody has altibase-%d join anew", slave), func(p *pod) {
		p.asks = nil
		for b := range p.mesh().Blocks {
			side := akucore.Side{On: akucore.Master, Peer: slave}
			p.asks = append(p.asks, akucore.Step{Do: akucore.Stop, Side: side, Block: b}, akucore.Step{Do: akucore.Reset, Side: side, Block: b})
		}
		p.follow(func(error) {})
	})
}

// follow does what the pod asks for now. Callers hold the lock.
func (p *pod) follow(failed func(error)) {
	c, asks := p.w.newClient(p.number, human), p.asks
	p.w.spawn(func() {
		defer c.CloseIdle()
		for _, step := range asks {
			err := p.runner(c).Run(c.ctx, akucore.Plan{Stages: []akucore.Stage{{Steps: []akucore.Step{step}}}})
			if err != nil {
				p.w.mu.Lock()
				failed(err)
				p.w.mu.Unlock()
			}
		}
	})
}

// lockTables is somebody who locks all tables of the users exclusively for a while.
func lockTables(p int, lasts time.Duration) fault {
	return onPod(p, fmt.Sprintf("somebody locks the tables for %s", lasts), func(p *pod) {
		if p.server == nil || !p.server.up {
			return
		}
		for t := range userTables {
			p.w.after(lasts, p.server.lock(t, alone).leave)
		}
	})
}

func killHook(p int) fault {
	return onPod(p, "the hook is killed", func(p *pod) {
		if p.hook != nil {
			p.hook.kill()
			p.unlock(p.hook)
		}
	})
}

// reboot ends everything on a node at once. The containers come back in any order.
func reboot(r *rand.Rand, pods int) fault {
	var node []int
	for p := range pods {
		if r.IntN(4) > 0 {
			node = append(node, p)
		}
	}
	frozen := make([]time.Duration, len(node))
	for i := range frozen {
		frozen[i] = time.Duration(r.IntN(20000)) * time.Millisecond
	}
	return fault{fmt.Sprintf("the node of altibase-%v boots again", node), func(w *world) {
		for i, n := range node {
			p := w.pods[n]
			if p == nil {
				continue
			}
			if p.ending {
				p.gone()
				continue
			}
			p.frozen = time.Now().Add(frozen[i])
			p.killContainers()
		}
	}}
}

// lasting is a fault that ends by itself.
func (w *world) lasting(on func(bool), lasts time.Duration) {
	on(true)
	w.after(lasts, func() { on(false) })
}

func cut(a, b int, lasts time.Duration) fault {
	return fault{fmt.Sprintf("altibase-%d and altibase-%d are cut off from each other for %s", a, b, lasts), func(w *world) {
		w.lasting(func(on bool) { w.partition(a, b, on) }, lasts)
	}}
}

func isolate(p int, lasts time.Duration) fault {
	return fault{fmt.Sprintf("altibase-%d is cut off from all for %s", p, lasts), func(w *world) {
		w.lasting(func(on bool) {
			for q := range maxPods {
				if q != p {
					w.partition(p, q, on)
				}
			}
		}, lasts)
	}}
}

func hang(p int, lasts time.Duration) fault {
	return fault{fmt.Sprintf("altibase-%d: the server hangs for %s", p, lasts), func(w *world) {
		w.lasting(func(on bool) { w.network.hung[p], w.network.changed = on, time.Now() }, lasts)
	}}
}

func slow(p int, by, lasts time.Duration) fault {
	return fault{fmt.Sprintf("altibase-%d: every answer takes %s more, for %s", p, by, lasts), func(w *world) {
		w.lasting(func(on bool) {
			w.network.slow[p] = 0
			if on {
				w.network.slow[p] = by
			}
		}, lasts)
	}}
}
