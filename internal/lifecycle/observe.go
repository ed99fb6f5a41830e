package lifecycle

import (
	"context"
	"slices"

	"aku/internal/akucore"
)

// Observe looks at the own server and all peers at the same time. A peer that
// cannot be seen is part of the answer; only the own server is an error.
func Observe(ctx context.Context, m akucore.Mesh, servers Servers, replicas int) (akucore.View, error) {
	return observe(ctx, m, replicas, m.ServerCount, func(ctx context.Context, pod int) (akucore.State, error) {
		return servers.Server(pod).State(ctx, Want{Tables: tablesOf(m, pod), Beats: m.Beats()})
	})
}

// observeBriefly is Observe without the lists of tables and the hosts.
func observeBriefly(ctx context.Context, m akucore.Mesh, servers Servers, replicas int) (akucore.View, error) {
	return observe(ctx, m, replicas, m.ServerCount, brief(servers))
}

// fewAtOnce is how many servers are asked at the same time when nothing is in a hurry:
// each takes a thread and memory for its answer.
const fewAtOnce = 2

// observeAtLeisure is Observe, or observeBriefly, of a few servers at a time. Lists are
// only those that the start of the own pod goes by: of its own pairs, and of all on the
// own server and on the master.
func observeAtLeisure(ctx context.Context, m akucore.Mesh, servers Servers, replicas int, whole bool) (akucore.View, error) {
	look := brief(servers)
	if whole {
		look = func(ctx context.Context, pod int) (akucore.State, error) {
			var listed []string
			if pod != m.Self && pod != akucore.Master {
				for _, g := range m.Groups {
					listed = append(listed, g.Object(akucore.PairOf(m.Self, pod)))
				}
			}
			return servers.Server(pod).State(ctx, Want{Tables: tablesOf(m, pod), Beats: m.Beats(), Listed: listed})
		}
	}
	return observe(ctx, m, replicas, fewAtOnce, look)
}

func brief(servers Servers) func(context.Context, int) (akucore.State, error) {
	return func(ctx context.Context, pod int) (akucore.State, error) { return servers.Server(pod).Brief(ctx) }
}

// tablesOf are the tables that are looked for on a pod.
func tablesOf(m akucore.Mesh, pod int) []akucore.Table {
	if pod != m.Self {
		return nil
	}
	return m.Tables()
}

func observe(ctx context.Context, m akucore.Mesh, replicas, atOnce int, look func(context.Context, int) (akucore.State, error)) (akucore.View, error) {
	v := akucore.View{Mesh: m, Pods: make(map[int]akucore.Pod, m.ServerCount), Replicas: replicas}
	states, errs := AskPods(ctx, m.ServerCount, atOnce, AnswerLimit, look)
	known := lists(m)
	for pod, state := range states {
		known = share(known, state.Objects)
		v.Pods[pod] = akucore.Pod{State: state, Err: errs[pod]}
	}
	return v, v.Pods[m.Self].Err
}

// lists are the configured ones.
func lists(m akucore.Mesh) [][]akucore.Table {
	var lists [][]akucore.Table
	for _, g := range m.Groups {
		lists = append(lists, g.Items())
	}
	return lists
}

// share has objects with a known list hold that one, as usually all do, and gives the
// lists that are known then.
func share(lists [][]akucore.Table, objects map[string]akucore.Object) [][]akucore.Table {
	for name, o := range objects {
		if len(o.Tables) == 0 {
			continue
		}
		known := slices.IndexFunc(lists, func(l []akucore.Table) bool { return slices.Equal(l, o.Tables) })
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
func complete(v, earlier akucore.View) bool {
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
