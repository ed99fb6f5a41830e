package akucore

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// observeTimeout bounds how long one peer may take to answer when it is
// looked at; a peer that hangs counts as not reachable.
const observeTimeout = 10 * time.Second

// Pod is what is known about one pod.
type Pod struct {
	State
	Err error // why the state is unknown; nil when it is known
}

// Open tells whether users are let in.
func (p Pod) Open() bool { return p.Err == nil && !p.AdminMode }

// Known tells whether the state was read.
func (p Pod) Known() bool { return p.Err == nil }

// Closed tells whether the server answers but lets no users in.
func (p Pod) Closed() bool {
	return p.Err == nil && p.AdminMode || errors.Is(p.Err, ErrClosed) || errors.Is(p.Err, ErrBusy)
}

// Away tells whether the server cannot be reached, or does not answer in time.
func (p Pod) Away() bool { return away(p.Err) }

func away(err error) bool { return errors.Is(err, ErrUnreachable) || errors.Is(err, ErrTimeout) }

// object gives the object of that name; an absent one has no XSN.
func (p Pod) object(name string) (Object, bool) {
	o, ok := p.Objects[name]
	if !ok {
		return Object{Name: name, XSN: Unset}, false
	}
	return o, true
}

// View is what is true now, as far as it could be seen.
type View struct {
	Pods map[int]Pod
	// Replicas is the number of pods that the StatefulSet is to have, or -1 when
	// that is not known.
	Replicas int
}

// groups are the groups that a pair is set up for on either side, as far as that can be
// seen: all of the mesh when there are none. A block that is new to the configuration
// has no objects before its pods have started with it, one after the other.
func (v View) groups(m Mesh, pod, peer int) []int {
	var known, all []int
	for g := range m.Groups {
		all = append(all, g)
		_, here := v.object(m, pod, peer, g)
		_, there := v.object(m, peer, pod, g)
		if here || there {
			known = append(known, g)
		}
	}
	if len(known) == 0 {
		return all
	}
	return known
}

// mark tells for how many of a pair's groups the pod's side has an XSN: none, some or
// all.
func (v View) mark(m Mesh, pod, peer int) marks {
	groups, set := v.groups(m, pod, peer), 0
	for _, g := range groups {
		if o, _ := v.object(m, pod, peer, g); o.XSN != Unset {
			set++
		}
	}
	switch set {
	case 0:
		return none
	case len(groups):
		return all
	}
	return some
}

type marks int

const (
	none marks = iota
	some
	all
)

// joined tells whether a slave has a complete copy in the eyes of the master.
// The master's XSN of the pair leaves Unset only at the end of a SYNC.
func (v View) joined(m Mesh, slave int) bool {
	return v.mark(m, Master, slave) != none
}

// paired tells whether the own pod and a peer that is in service both keep their
// logs for each other: then each has, or will get, all that the other wrote.
func (v View) paired(m Mesh, peer int) bool {
	return v.Pods[peer].Open() && v.mark(m, m.Self, peer) == all && v.mark(m, peer, m.Self) == all
}

// mayLack tells whether a slave is not sure to have what the own pod wrote once that
// is delivered to the master and to all that are paired: its copy, or the one it is
// just making, may be from before. One that is not joined may be about to make its pair
// with the master anew at this moment, so it does not matter what is there of it.
func (v View) mayLack(m Mesh, slave int) bool {
	return !v.joined(m, slave) || !v.paired(m, slave)
}

// outdated tells whether a slave in service does not count as joined on the master
// any more. It will see that, hand over what it has and join anew; until then its
// users go on.
func (v View) outdated(m Mesh, slave int) bool {
	return v.Pods[slave].Open() && v.mark(m, slave, Master) != none && v.mark(m, Master, slave) != all
}

// included tells whether the own pod has its side of the pair in every group of it. A
// join makes the sides towards those slaves that it took in, before its copy counts
// as complete; where one is missing, one of the two has joined without the other.
func (v View) included(m Mesh, peer int) bool { return v.sides(m, m.Self, peer) }

// sides tells whether a pod has its side of a pair in every group of it.
func (v View) sides(m Mesh, pod, peer int) bool {
	for _, g := range v.groups(m, pod, peer) {
		if _, exists := v.object(m, pod, peer, g); !exists {
			return false
		}
	}
	return true
}

// awaited tells whether a peer that is not in service is to be waited for. One that
// answers may be in service any moment. One that is away comes by itself only when
// its number is lower: OrderedReady makes no higher pod before the own pod is ready.
func (v View) awaited(m Mesh, peer int) bool {
	return v.Pods[peer].Closed() || peer < m.Self && (v.Replicas < 0 || peer < v.Replicas)
}

// Observe looks at the own server and all peers at the same time. A peer that
// cannot be seen is part of the answer; only the own server is an error.
func Observe(ctx context.Context, m Mesh, servers Servers, replicas int) (View, error) {
	return observe(ctx, m, replicas, m.ServerCount, func(ctx context.Context, pod int) (State, error) {
		return servers.Server(pod).State(ctx, Want{Tables: m.tablesOf(pod), Beats: m.Beats()})
	})
}

// observeBriefly is Observe without the lists of tables and the hosts.
func observeBriefly(ctx context.Context, m Mesh, servers Servers, replicas int) (View, error) {
	return observe(ctx, m, replicas, m.ServerCount, brief(servers))
}

// fewAtOnce is how many servers are asked at the same time when nothing is in a hurry:
// each takes a thread and memory for its answer.
const fewAtOnce = 2

// observeAtLeisure is Observe, or observeBriefly, of a few servers at a time. Lists are
// only those that the start of the own pod goes by: of its own pairs, and of all on the
// own server and on the master.
func observeAtLeisure(ctx context.Context, m Mesh, servers Servers, replicas int, whole bool) (View, error) {
	look := brief(servers)
	if whole {
		look = func(ctx context.Context, pod int) (State, error) {
			var listed []string
			if pod != m.Self && pod != Master {
				for _, g := range m.Groups {
					listed = append(listed, g.Object(PairOf(m.Self, pod)))
				}
			}
			return servers.Server(pod).State(ctx, Want{Tables: m.tablesOf(pod), Beats: m.Beats(), Listed: listed})
		}
	}
	return observe(ctx, m, replicas, fewAtOnce, look)
}

func brief(servers Servers) func(context.Context, int) (State, error) {
	return func(ctx context.Context, pod int) (State, error) { return servers.Server(pod).Brief(ctx) }
}

// tablesOf are the tables that are looked for on a pod.
func (m Mesh) tablesOf(pod int) []Table {
	if pod != m.Self {
		return nil
	}
	return m.Tables()
}

func observe(ctx context.Context, m Mesh, replicas, atOnce int, look func(context.Context, int) (State, error)) (View, error) {
	v := View{Pods: make(map[int]Pod, m.ServerCount), Replicas: replicas}
	var mu sync.Mutex
	var wg sync.WaitGroup
	turns := make(chan struct{}, atOnce)
	lists := m.lists()
	for pod := range m.ServerCount {
		wg.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			ctx, cancel := context.WithTimeout(ctx, observeTimeout)
			defer cancel()
			state, err := look(ctx, pod)
			mu.Lock()
			defer mu.Unlock()
			lists = share(lists, state.Objects)
			v.Pods[pod] = Pod{State: state, Err: err}
		})
	}
	wg.Wait()
	return v, v.Pods[m.Self].Err
}

// lists are the configured ones.
func (m Mesh) lists() [][]Table {
	var lists [][]Table
	for _, g := range m.Groups {
		lists = append(lists, g.Items())
	}
	return lists
}

// share has objects with a known list hold that one, as usually all do, and gives the
// lists that are known then.
func share(lists [][]Table, objects map[string]Object) [][]Table {
	for name, o := range objects {
		if len(o.Tables) == 0 {
			continue
		}
		known := slices.IndexFunc(lists, func(l []Table) bool { return slices.Equal(l, o.Tables) })
		if known < 0 {
			lists = append(lists, slices.Clip(o.Tables))
			continue
		}
		o.Tables = lists[known]
		objects[name] = o
	}
	return lists
}

// complete adds what an earlier, full look saw to a brief one, and tells whether that
// is all: no object is new, and none has another number of tables.
func (v View) complete(earlier View) bool {
	for number, pod := range v.Pods {
		if pod.Err != nil {
			continue
		}
		before := earlier.Pods[number]
		if before.Err != nil || len(before.Objects) != len(pod.Objects) {
			return false
		}
		for name, o := range pod.Objects {
			known, ok := before.Objects[name]
			if !ok || known.Items != o.Items {
				return false
			}
			o.Host, o.Port, o.Tables = known.Host, known.Port, known.Tables
			pod.Objects[name] = o
		}
		pod.Tables = before.Tables
		v.Pods[number] = pod
	}
	return true
}
