package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"aku/e2e/internal/trial"
)

const (
	limit         = 6 * time.Minute // of every wait
	loaded        = 10_000          // rows before the first measurement
	rate          = 100             // statements a second of each writer
	enough        = 50              // statements that show that a writer works
	keysOfAWriter = 1_000_000
)

// measurement is a mesh of three pods with a number of tables.
type measurement struct {
	cluster *trial.Cluster
	tables  int
	space   *trial.Space
	say     func(format string, args ...any)
	writers map[int]*trial.Writer // by pod
	started int64                 // writers so far
	results []result
	written int
	rows    int
	lost    int
}

// result is one line of figures.
type result struct {
	what string
	took time.Duration
	of   []part
}

type part struct {
	name string
	took time.Duration
}

func (r result) parts() string {
	var all []string
	for _, p := range r.of {
		all = append(all, fmt.Sprintf("%s %.2f", p.name, p.took.Seconds()))
	}
	return strings.Join(all, ", ")
}

func (m *measurement) add(what string, took time.Duration, of ...part) {
	r := result{what, took, of}
	m.results = append(m.results, r)
	m.say("%s: %.1f s (%s)", what, took.Seconds(), r.parts())
}

// first installs one pod with all tables.
func (m *measurement) first(ctx context.Context) error {
	var script strings.Builder
	var names []string
	for i := range m.tables {
		fmt.Fprintf(&script, "CREATE TABLE T%d (ID INTEGER PRIMARY KEY, V VARCHAR(100));\n", i+1)
		names = append(names, fmt.Sprintf("SYS.T%d", i+1))
	}
	m.say("one pod with %d tables", m.tables)
	err := m.space.Install(ctx, trial.Values{
		"replicaCount": 1,
		"aku":          trial.Values{"replications": []trial.Values{{"namePrefix": "AKU_REP", "tables": names}}},
		"initdb":       trial.Values{"scripts": trial.Values{"01-tables.sql": script.String()}},
	})
	if err != nil {
		return err
	}
	if err := m.space.StartClient(ctx); err != nil {
		return err
	}
	if err := m.space.AwaitReady(ctx, limit, trial.Pod(0)); err != nil {
		return err
	}
	progress, err := m.space.Load(ctx, 0, 1, loaded)
	m.written += progress.Acknowledged()
	m.writers = map[int]*trial.Writer{}
	return err
}

// join makes one pod two and then three, with a writer on every open pod.
func (m *measurement) join(ctx context.Context) error {
	for number := 1; number < 3; number++ {
		if err := m.write(ctx, number-1); err != nil {
			return err
		}
		if err := m.space.Upgrade(ctx, fmt.Sprintf("replicaCount=%d", number+1)); err != nil {
			return err
		}
		if err := m.space.AwaitReady(ctx, limit, trial.Pod(number)); err != nil {
			return err
		}
		s, err := m.await(ctx, m.space.Pods()[trial.Pod(number)], trial.Sidecar, starts, done, empties, copies)
		if err != nil {
			return err
		}
		m.add(fmt.Sprintf("join of a new pod beside %d open ones, from the first look to open", number), s.Took,
			part{"emptying the tables", s.Parts[empties]}, part{"SYNC", s.Parts[copies]})
	}
	return m.write(ctx, 2)
}

// restart kills the server of a joined pod.
func (m *measurement) restart(ctx context.Context) error {
	const number = 1
	pod := trial.Pod(number)
	before := m.space.Pods()[pod]
	if err := m.space.Kill(ctx, pod, trial.Database); err != nil {
		return err
	}
	err := m.space.AwaitPods(ctx, limit, pod+" in service again", func(pods trial.Pods) string {
		if trial.Restarts(pods[pod]) == trial.Restarts(before) || !trial.Ready(pods[pod]) {
			return pods.Describe(pod)
		}
		return ""
	})
	if err != nil {
		return err
	}
	s, err := m.await(ctx, before, trial.Sidecar, starts, done, delivers)
	if err != nil {
		return err
	}
	m.add("restart of a joined pod whose server was killed, from the first look to open", s.Took, part{"delivery", s.Parts[delivers]})
	return m.writers[number].AwaitMore(ctx, limit, enough)
}

// roll replaces all pods.
func (m *measurement) roll(ctx context.Context) error {
	before := m.space.Pods()
	began := time.Now()
	if err := m.space.Upgrade(ctx, "podAnnotations.bench=rolled"); err != nil {
		return err
	}
	if err := m.space.AwaitReplaced(ctx, 3*limit, before, trial.Pod(0), trial.Pod(1), trial.Pod(2)); err != nil {
		return err
	}
	m.add("rolling update of three pods, start and end of the servers included", time.Since(began))
	for number := range 3 {
		if err := m.writers[number].AwaitMore(ctx, limit, enough); err != nil {
			return err
		}
	}
	return nil
}

// end scales one pod away, with a writer on it.
func (m *measurement) end(ctx context.Context) error {
	const number = 2
	leaver := m.space.Pods()[trial.Pod(number)]
	if err := m.space.Upgrade(ctx, fmt.Sprintf("replicaCount=%d", number)); err != nil {
		return err
	}
	if err := m.space.AwaitGone(ctx, limit, leaver.Name); err != nil {
		return err
	}
	s, err := m.await(ctx, leaver, trial.Database, ends, done, delivers, shuts)
	if err != nil {
		return err
	}
	m.add("end of a pod that leaves, from the hook's first word to its last", s.Took,
		part{"delivery", s.Parts[delivers]}, part{"the server's shutdown", s.Parts[shuts]})
	return nil
}

// count ends the writers and compares the remaining pods with what was acknowledged.
func (m *measurement) count(ctx context.Context) error {
	for _, w := range m.writers {
		p, err := w.Stop(ctx)
		if err != nil {
			return err
		}
		m.written += p.Acknowledged()
	}
	// Rows that are missing after the limit count as lost.
	err := trial.Await(ctx, limit, "all acknowledged rows on the pods that are left", func(ctx context.Context) string {
		verdicts, err := m.space.Verify(ctx, 2)
		if err != nil {
			return err.Error()
		}
		m.lost = 0
		for _, v := range verdicts {
			m.lost += v.Lost()
			m.rows = v.Acknowledged
		}
		if m.lost > 0 {
			return fmt.Sprintf("%+v", verdicts)
		}
		return ""
	})
	if m.lost > 0 { // a figure, not a failure of the measurement
		return nil
	}
	return err
}

// write starts a writer and waits until it writes.
func (m *measurement) write(ctx context.Context, number int) error {
	m.started++
	w, err := m.space.StartWriter(fmt.Sprintf("writer-%d", number), number, m.started*keysOfAWriter, rate)
	if err != nil {
		return err
	}
	m.writers[number] = w
	return w.AwaitMore(ctx, limit, enough)
}

// await waits until a log holds a complete story. Its last line may come a moment after the event.
func (m *measurement) await(ctx context.Context, pod corev1.Pod, container, from, to string, parts ...string) (story, error) {
	var told story
	err := trial.Await(ctx, limit, "the end of what began with "+from+" in the log of "+pod.Name, func(context.Context) string {
		var ended bool
		if told, ended = tell(m.space.LogOf(pod, container), from, to, parts...); !ended {
			return "it goes on"
		}
		return ""
	})
	return told, err
}
