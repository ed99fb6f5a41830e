package akucore

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPlanRecover(t *testing.T) {
	sign := func(w *world, source int) *world {
		spec := w.m.RecoverySpec(source)
		w.view.Pods[Master].Objects[spec.Name] = Object{Name: spec.Name, XSN: Unset, Host: spec.Host, Port: spec.Port, Tables: spec.Tables}
		return w
	}
	lost := func() *world {
		w := newWorld(mesh(0)).closed(0).open(1, 2)
		return w.running(1, 0).running(2, 0).both(w.running, 1, 2)
	}
	tests := []struct {
		name    string
		w       *world
		source  int
		without []int
	}{
		{"volume lost, two slaves in service", lost(), 1, nil},
		{"volume lost, the other slave is away", func() *world {
			w := newWorld(mesh(0)).closed(0).open(1).away(2)
			return w.running(1, 0).stopped(1, 2)
		}(), 1, nil},
		{"volume lost, the other slave is away and given up", func() *world {
			w := newWorld(mesh(0)).closed(0).open(1).away(2)
			return w.running(1, 0).stopped(1, 2)
		}(), 1, []int{2}},
		{"volume lost, the source did not apply rows of the other slave", lost().keeps(2, 1), 1, nil},
		{"volume lost, the source did not apply rows of the other slave, and they are given up", lost().keeps(2, 1), 1, []int{2}},
		{"volume lost, the other slave has left", func() *world {
			w := newWorld(mesh(0)).closed(0).open(1).away(2)
			return w.running(1, 0).reset(1, 2)
		}(), 1, nil},
		{"interrupted after the other slave got its object", func() *world {
			w := newWorld(mesh(0)).closed(0).open(1, 2)
			return sign(w.both(w.running, 0, 1).running(2, 0).both(w.running, 1, 2).reset(0, 2), 1)
		}(), 1, nil},
		{"interrupted, and now from another slave", sign(lost(), 2), 1, nil},
		{"the master is in service", func() *world {
			w := newWorld(mesh(0)).open(0, 1).away(2)
			return w.both(w.running, 0, 1)
		}(), 1, nil},
		{"the master has its state", func() *world {
			w := newWorld(mesh(0)).closed(0).open(1).away(2)
			return w.both(w.stopped, 0, 1)
		}(), 1, nil},
		{"the master has its state beside the source, not beside another slave", func() *world {
			w := newWorld(mesh(0)).closed(0).open(1, 2)
			return w.both(w.stopped, 0, 1).running(2, 0)
		}(), 1, nil},
		{"the source is closed", newWorld(mesh(0)).closed(0).closed(1).open(2).running(2, 0), 1, nil},
		{"the source never joined", newWorld(mesh(0)).closed(0).open(1, 2).running(2, 0), 1, nil},
		{"the source has other tables", func() *world {
			w := newWorld(changedMesh(0)).closed(0).open(1).away(2).lists("T1")
			return w.running(1, 0)
		}(), 1, nil},
		{"the source is the master", lost(), 0, nil},
		{"not in the pod of the master", newWorld(mesh(1)).closed(0).open(1).away(2), 1, nil},
	}
	text := ""
	for _, test := range tests {
		text += "== " + test.name + "\n" + PlanRecover(test.w.view, test.source, test.without...).Describe(test.w.m, nil) + "\n"
	}
	// The sign keeps the master closed even when its XSNs look complete.
	w := newWorld(mesh(0)).closed(0).open(1).away(2)
	cut := sign(w.both(w.stopped, 0, 1), 1)
	text += "== start of a master whose recovery was cut\n" + PlanStart(cut.view, startOptions).Describe(cut.m, nil)

	order := func(w *world, order RecoveryOrder) string {
		options := startOptions
		options.Recover = order
		return PlanStart(w.view, options).Describe(w.m, nil)
	}
	bySign := func(w *world, generation string) *world {
		spec := w.m.RecoverySign(1, generation)
		w.view.Pods[Master].Objects[spec.Name] = Object{Name: spec.Name, XSN: Unset, Host: spec.Host, Port: spec.Port, Tables: spec.Tables}
		return w
	}
	for _, test := range []struct {
		name  string
		w     *world
		order RecoveryOrder
	}{
		{"ordered for this loss", lost(), RecoveryOrder{1, "1-100"}},
		{"ordered for another loss", lost(), RecoveryOrder{1, "1-99"}},
		{"ordered with the generation of another source", lost(), RecoveryOrder{1, "2-100"}},
		{"ordered from a pod that is away", lost().away(2), RecoveryOrder{2, "2-100"}},
		{"ordered, and the master is not lost", newWorld(mesh(0)).closed(0).away(1, 2), RecoveryOrder{1, "1-100"}},
		{"interrupted, by this order", bySign(lost().reset(1, 0), "100"), RecoveryOrder{1, "1-100"}},
		{"interrupted, by another order", bySign(lost().reset(1, 0), "100"), RecoveryOrder{1, "1-99"}},
		{"interrupted, and not by an order", sign(lost().reset(1, 0), 1), RecoveryOrder{1, "1-100"}},
		{"interrupted, and not by an order, which is broken", sign(lost().reset(1, 0), 1), RecoveryOrder{1, "1-"}},
		{"interrupted, by this order, and the source is away", bySign(lost().away(1), "100"), RecoveryOrder{1, "1-100"}},
	} {
		text += "\n== start of the master: " + test.name + "\n" + order(test.w, test.order)
	}

	file := filepath.Join("testdata", "plan_recover.golden")
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("-want +got (go test ./internal/akucore -update writes the files):\n%s", diff)
	}
}

// The first that a recovery makes is the master's beat table. It is empty, and that must not look like another loss.
func TestGeneration_ARecoveryThatIsCutAtOnce_IsOfTheSameLoss(t *testing.T) {
	generation := func(table bool) string {
		w := newWorld(mesh(0)).closed(0).open(1).away(2).running(1, 0).beats(1, 0, Beat{Number: 7, Life: 7})
		if !table {
			clear(w.view.Pods[0].Beats)
		}
		return w.view.generation(1)
	}
	if before, after := generation(false), generation(true); before != "1-100" || after != before {
		t.Errorf("the generation is %s before there is a beat table, and %s then", before, after)
	}
}
