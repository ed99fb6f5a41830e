package tried

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func on(day int) time.Time { return time.Date(2030, 1, day, 0, 0, 0, 0, time.UTC) }

func TestRun_LandsInTheColumnOfWhatTheServerSaysItIs(t *testing.T) {
	const (
		standIn = "7.2.0.0.0-altisim"
		vendors = "7.3.0.1.2"
	)
	for _, c := range []struct {
		name, server, image string
		column              int
	}{
		{"the stand-in", standIn, "docker.io/library/altisim:dev", 4},
		{"the stand-in under a vendor's name", standIn, "docker.io/altibase/altibase:7.3", 4},
		{"a vendor's server", vendors, "docker.io/altibase/altibase:7.3", 5},
		{"a vendor's server under the stand-in's name", vendors, "docker.io/library/altisim:dev", 5},
		{"a vendor's server outside of pods", vendors, "", 5},
	} {
		for _, suite := range []string{EndToEnd, Conformance} {
			runs := []Run{{Suite: suite, Server: c.server, Image: c.image, Kubernetes: "v1.36.3", Date: on(2)}}
			for page, text := range map[string]string{"README": Matrix(runs), "proof.md": Proof(runs)} {
				for line := range strings.Lines(text) {
					cells := strings.Split(line, "|")
					if len(cells) < 6 || !strings.Contains(line, "v1.36.3") {
						continue
					}
					other := 4 + 5 - c.column
					if !strings.Contains(cells[c.column], c.server) || strings.TrimSpace(cells[other]) != "" {
						t.Errorf("%s, %s: %s", c.name, page, line)
					}
				}
				if strings.Count(text, c.server) != 1 {
					t.Errorf("%s, %s, %s: it is not said once\n%s", c.name, suite, page, text)
				}
			}
		}
	}
}

func TestPages_HaveEmptyCellsWhereNobodyRanIt(t *testing.T) {
	const want = `| | Kubernetes | Helm | on the stand-in, altisim | on the vendor's server |
|---|---|---|---|---|
| installed, scaled, upgraded, rolled, broken and healed on a cluster (` + "`make test-e2e`" + `) | | | | |
| the server's answers, statement by statement (` + "`make conformance`" + `) | | | | |
`
	if diff := cmp.Diff(want, Matrix(nil)); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(Proof(nil), want) {
		t.Error(Proof(nil))
	}
}

func TestProof_SaysWhatFailedAndWhatWasCounted(t *testing.T) {
	page := Proof([]Run{{
		Suite: EndToEnd, Server: "7.3.0.1.2", Kubernetes: "v1.36.3", Helm: "v4.3.1", Passed: 20, Failed: 2,
		Faults: &Faults{Begun: 9, Survived: 8, Written: 4321}, Date: on(2), Commit: "0123456789ab",
	}})
	const want = "| v1.36.3 | v4.3.1 | | 7.3.0.1.2<br>20 passed, 2 failed<br>faults survived: 8 of 9<br>4321 changes written, 0 lost in those<br>2030-01-02<br>commit 0123456789ab |"
	if !strings.Contains(page, want) {
		t.Errorf("no %s in\n%s", want, page)
	}
	readme := Matrix([]Run{{Suite: EndToEnd, Server: "7.3.0.1.2", Image: "altibase/altibase:7.3", Failed: 2, Date: on(2)}})
	if !strings.Contains(readme, "| 7.3.0.1.2 in `altibase/altibase:7.3`, 2030-01-02, **2 failed** |") {
		t.Errorf("the README hides failures, or what was tried:\n%s", readme)
	}
}

func TestFold_KeepsTheNewestOfEachSurrounding_AlsoWhenItFailed(t *testing.T) {
	run := func(suite, server, kubernetes string, day, failed int) Run {
		return Run{Suite: suite, Server: server, Kubernetes: kubernetes, Date: on(day), Failed: failed}
	}
	got := Fold(
		run(EndToEnd, "a", "v1.36.3", 1, 0), run(EndToEnd, "a", "v1.36.3", 3, 1), run(EndToEnd, "a", "v1.36.3", 2, 0),
		run(EndToEnd, "b", "v1.36.3", 1, 0), run(EndToEnd, "a", "v1.35.0", 1, 0), run(Conformance, "a", "v1.36.3", 1, 0),
	)
	want := []Run{
		run(EndToEnd, "a", "v1.35.0", 1, 0), run(EndToEnd, "a", "v1.36.3", 3, 1), run(EndToEnd, "b", "v1.36.3", 1, 0), run(Conformance, "a", "v1.36.3", 1, 0),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRun_IsReadAsItWasWritten(t *testing.T) {
	want := Run{
		Suite: Conformance, Server: "7.3.0.1.2", Image: "altibase/altibase:7.3", Kubernetes: "v1.36.3", Helm: "v4.3.1", Passed: 3, Failed: 1,
		Faults: &Faults{Begun: 2, Survived: 1, Written: 7}, Date: on(2), Commit: "0123456789ab-dirty",
	}
	folder := t.TempDir()
	if err := want.writeTo(folder); err != nil {
		t.Fatal(err)
	}
	got, err := LoadFolder(folder)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Run{want}, got); diff != "" {
		t.Error(diff)
	}
	if err := (Run{Suite: Conformance}).Write(); err == nil || !strings.Contains(err.Error(), "no server gave its version") {
		t.Errorf("a run on nobody knows what was written: %v", err)
	}
}

func TestTally_CountsATestOnce_AndNoneThatWasLeftOut(t *testing.T) {
	var y Tally
	for _, e := range []*ended{{name: "one"}, {name: "two"}, {name: "bad", failed: true}, {name: "left out", skipped: true}} {
		y.Watch(e)
		y.Watch(e)
		e.end()
	}
	if passed, failed := y.Count(); passed != 2 || failed != 1 {
		t.Errorf("%d passed, %d failed", passed, failed)
	}
}

// ended is a test with a chosen outcome.
type ended struct {
	testing.TB
	name            string
	failed, skipped bool
	clean           []func()
}

func (e *ended) Name() string     { return e.name }
func (e *ended) Failed() bool     { return e.failed }
func (e *ended) Skipped() bool    { return e.skipped }
func (e *ended) Cleanup(f func()) { e.clean = append(e.clean, f) }
func (e *ended) end() {
	for _, f := range e.clean {
		f()
	}
}
