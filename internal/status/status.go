// Package status asks all pods at once and prints the mesh: a row and a column for
// each pod, so that a person sees at a glance which pair does not work.
package status

import (
	"context"
	"fmt"
	"slices"
	"time"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
)

// Mesh is what was seen.
type Mesh struct {
	Pods  []Pod  `json:"pods"`
	Pairs []Pair `json:"pairs"`
}

// Pod is one server and what the sidecar beside it says.
type Pod struct {
	Name    string `json:"name"`
	State   string `json:"state"`           // open, closed or unreachable
	Error   string `json:"error,omitempty"` // why the state is not known
	Sidecar string `json:"sidecar"`         // what it answers to the readiness probe
	// GivenUp are the reports that a receiver failed to apply changes, where repeats do not explain
	// it: those that the pod's sidecar made since it started, and signs that its server keeps.
	GivenUp []string `json:"givenUp,omitempty"`
	traffic map[string]akucore.Traffic
	beats   map[akucore.Table]map[int]akucore.Beats
}

// The states of a server.
const (
	Open        = "open"
	Closed      = "closed"
	Unreachable = "unreachable"
)

// Pair is one replication object as it carries changes in one direction.
type Pair struct {
	From        string `json:"from"`
	To          string `json:"to"`
	Replication string `json:"replication"`
	State       Flow   `json:"state"`
	XSN         int64  `json:"xsn"`                // of the sending side, -1 when unset
	GapBytes    *int64 `json:"gapBytes,omitempty"` // log not yet sent
	// Lag is how many numbers of the sender's log the receiver has not yet applied.
	Lag *int64 `json:"lag,omitempty"`
	// DelaySeconds is how far the receiver is behind by the newest beat of the sender that it has,
	// and by the clocks of the sender and of this process.
	DelaySeconds *float64 `json:"delaySeconds,omitempty"`
	Conflicts    int64    `json:"conflicts"` // that the receiver met since it is connected
}

// Flow says whether changes go from one pod to another.
type Flow string

// The flows, from best to worst.
const (
	Flows   Flow = "ok"
	None    Flow = "-"       // no object, or one that was never started or is reset
	Unknown Flow = "?"       // the sender's server was not seen
	Stopped Flow = "stopped" // its log is kept
	Retries Flow = "retry"   // started, but without the peer
)

var worst = map[Flow]int{Flows: 0, None: 1, Unknown: 2, Stopped: 3, Retries: 4}

// Observe asks all servers and sidecars at the same time. A pod that does not answer is part
// of the picture. HealthAddress is host:port of a pod's sidecar.
//
// Beat is the time between two beats of a pod in service.
func Observe(ctx context.Context, m akucore.Mesh, servers lifecycle.Servers, beat time.Duration, healthAddress func(pod int) string) Mesh {
	pods, _ := lifecycle.AskPods(ctx, m.ServerCount, m.ServerCount, lifecycle.AnswerLimit, func(ctx context.Context, pod int) (Pod, error) {
		p, asked := Pod{Name: m.PodName(pod)}, make(chan sidecar, 1)
		go func() { asked <- askSidecar(ctx, healthAddress(pod)) }()
		p.observe(ctx, m, servers.Server(pod))
		said := <-asked
		p.Sidecar, p.GivenUp = said.ready, append(kept(m, pod, p.traffic), said.givenUp...)
		return p, nil
	})
	return Mesh{Pods: pods, Pairs: pairs(m, pods, beat, time.Now())}
}

// Of leaves out the pods that there are not to be, when they do not answer and nothing is
// kept for them. Replicas is how many there are to be, -1 for not known.
func (m Mesh) Of(replicas int) Mesh {
	if replicas < 0 {
		return m
	}
	out := map[string]bool{}
	for number, pod := range m.Pods {
		out[pod.Name] = number >= replicas && pod.State == Unreachable
	}
	for _, p := range m.Pairs {
		if p.State != None && p.State != Unknown {
			out[p.To] = false
		}
	}
	return Mesh{
		Pods:  slices.DeleteFunc(slices.Clone(m.Pods), func(p Pod) bool { return out[p.Name] }),
		Pairs: slices.DeleteFunc(slices.Clone(m.Pairs), func(p Pair) bool { return out[p.From] || out[p.To] }),
	}
}

func (p *Pod) observe(ctx context.Context, m akucore.Mesh, server lifecycle.Server) {
	instance, err := server.Instance(ctx)
	if err == nil {
		p.traffic, err = server.Traffic(ctx)
	}
	p.beats = map[akucore.Table]map[int]akucore.Beats{}
	for _, table := range m.Beats() {
		if beats, failed := server.Beats(ctx, table); err == nil && failed == nil {
			p.beats[table] = beats // a server from before there were beats has none
		}
	}
	p.State = Unreachable
	switch seen := (akucore.Pod{State: akucore.State{Instance: instance}, Err: err}); {
	case seen.Closed():
		p.State = Closed
	case seen.Open():
		p.State = Open
	}
	if err != nil {
		p.Error = err.Error()
	}
}

// pairs reads both sides of every pair.
func pairs(m akucore.Mesh, pods []Pod, beat time.Duration, now time.Time) []Pair {
	var all []Pair
	for from := range pods {
		for to := range pods {
			if from == to {
				continue
			}
			for _, block := range m.Blocks {
				name := block.Object(akucore.PairOf(from, to))
				p := Pair{From: pods[from].Name, To: pods[to].Name, Replication: name, State: Unknown, XSN: akucore.Unset}
				if pods[from].traffic != nil {
					sends := pods[from].traffic[name]
					p.fill(sends, pods[to].traffic[name].Receiver)
				}
				if newest := pods[to].beats[block.Beat()][from].Newest(); newest.Number > 0 {
					p.DelaySeconds = new(max(0, now.Sub(time.UnixMilli(newest.At))-beat).Seconds())
				}
				all = append(all, p)
			}
		}
	}
	return all
}

// fill takes what both sides say; an object that does not exist is the zero value.
func (p *Pair) fill(sends akucore.Traffic, receives *akucore.Received) {
	p.XSN = sends.XSN
	switch {
	case sends.Sender == akucore.SenderRunning:
		p.State = Flows
	case sends.Started || sends.Sender != akucore.SenderNone:
		p.State = Retries
	case sends == (akucore.Traffic{}) || sends.XSN == akucore.Unset:
		p.State = None
	default:
		p.State = Stopped
	}
	if sends.Gap != nil {
		p.GapBytes = &sends.Gap.Bytes
		if receives != nil {
			p.Lag = new(max(0, sends.Gap.LastSN-receives.AppliedSN))
		}
	}
	if receives != nil {
		p.Conflicts = receives.Failed.Sum()
	}
}

// cell is the worst of the pairs from one pod to another, in a few letters.
func (m Mesh) cell(from, to Pod) (Flow, string) {
	if from.Name == to.Name {
		return None, ""
	}
	flow, gap, conflicts, delay := Flows, int64(0), int64(0), 0.0
	for _, p := range m.Pairs {
		if p.From != from.Name || p.To != to.Name {
			continue
		}
		if worst[p.State] > worst[flow] {
			flow = p.State
		}
		if p.GapBytes != nil {
			gap += *p.GapBytes
		}
		conflicts += p.Conflicts
		if p.DelaySeconds != nil {
			delay = max(delay, *p.DelaySeconds)
		}
	}
	text := string(flow)
	if gap > 0 {
		text += " " + size(gap)
	}
	if delay >= 1 && flow == Flows {
		text += fmt.Sprintf(" +%.0fs", delay)
	}
	if conflicts > 0 {
		text += fmt.Sprintf(" !%d", conflicts)
	}
	return flow, text
}

// size is a number of bytes for people.
func size(bytes int64) string {
	const unit = 1024
	if bytes < unit {
		return fmt.Sprintf("%dB", bytes)
	}
	value, letters := float64(bytes)/unit, "KMGTPE"
	for value >= unit && len(letters) > 1 {
		value, letters = value/unit, letters[1:]
	}
	return fmt.Sprintf("%.1f%ciB", value, letters[0])
}
