package lifecycle

import (
	"context"

	"aku/internal/akucore"
)

// Observe reads the pod's own server and all peers at the same time. A peer that does not
// answer is part of the View; only a fault of the own server is an error.
func Observe(ctx context.Context, m akucore.Mesh, servers Servers, replicas int) (akucore.View, error) {
	return observe(ctx, m, replicas, m.ServerCount, wholly(m, servers))
}

// observeBriefly is Observe without the lists of tables and the hosts.
func observeBriefly(ctx context.Context, m akucore.Mesh, servers Servers, replicas int) (akucore.View, error) {
	return observe(ctx, m, replicas, m.ServerCount, func(ctx context.Context, pod int) (akucore.State, error) { return servers.Server(pod).Brief(ctx) })
}

// fewAtOnce is how many servers are asked at the same time when there is no hurry: each
// takes a thread and memory for its answer.
const fewAtOnce = 2

// observeAtLeisure is Observe of a few servers at a time.
func observeAtLeisure(ctx context.Context, m akucore.Mesh, servers Servers, replicas int) (akucore.View, error) {
	return observe(ctx, m, replicas, fewAtOnce, wholly(m, servers))
}

// wholly reads everything that a plan may need. Only on the pod's own server does it check
// whether the tables can be replicated.
func wholly(m akucore.Mesh, servers Servers) func(context.Context, int) (akucore.State, error) {
	return func(ctx context.Context, pod int) (akucore.State, error) {
		want := Want{Beats: m.Beats()}
		if pod == m.Self {
			want.Tables = m.Tables()
		}
		return servers.Server(pod).State(ctx, want)
	}
}

func observe(ctx context.Context, m akucore.Mesh, replicas, atOnce int, ask func(context.Context, int) (akucore.State, error)) (akucore.View, error) {
	v := akucore.View{Mesh: m, Pods: make(map[int]akucore.Pod, m.ServerCount), Replicas: replicas}
	states, errs := AskPods(ctx, m.ServerCount, atOnce, AnswerLimit, ask)
	for pod, state := range states {
		v.Pods[pod] = akucore.Pod{State: state, Err: errs[pod]}
	}
	return v, v.Pods[m.Self].Err
}
