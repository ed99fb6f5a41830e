package status

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aku/internal/akucore"
)

func TestTable_ShowsBothDirectionsOfEveryPair(t *testing.T) {
	mesh := akucore.Mesh{StatefulSet: "altibase", Self: akucore.Outside, ServerCount: 3, Blocks: []akucore.Block{{Prefix: "R"}}}
	running := akucore.Traffic{
		Started: true, XSN: 100, Sender: akucore.SenderRunning, Gap: &akucore.Gap{LastSN: 5000, Bytes: 2048},
		Receiver: &akucore.Received{AppliedSN: 4000, Failed: akucore.Changes{Inserts: 2}},
	}
	pods := []Pod{
		{Name: "altibase-0", State: Open, Sidecar: "in service", traffic: map[string]akucore.Traffic{
			"R_01": running, "R_02": {Started: true, XSN: 7, Sender: akucore.SenderRetry},
		}},
		{Name: "altibase-1", State: Closed, Sidecar: "waits", traffic: map[string]akucore.Traffic{
			"R_01": running, "R_12": {XSN: 7},
		}},
		{Name: "altibase-2", State: Unreachable, Error: "no such host", Sidecar: "does not answer", GivenUp: []string{"altibase-0: changes of altibase-2: 3 rows"}},
	}
	// The newest beat of pod 0 is 65 s old on pod 1, and that of pod 1 on pod 0 has just come.
	now := time.Now()
	pods[1].beats = map[akucore.Table]map[int]akucore.Beats{mesh.Blocks[0].Beat(): {0: {{Number: 7, At: now.Add(-65 * time.Second).UnixMilli()}}}}
	pods[0].beats = map[akucore.Table]map[int]akucore.Beats{mesh.Blocks[0].Beat(): {1: {{Number: 7, At: now.UnixMilli()}}}}
	m := Mesh{Pods: pods, Pairs: pairs(mesh, pods, 5*time.Second, now)}
	var out strings.Builder
	if err := m.Print(&out, false); err != nil {
		t.Fatal(err)
	}
	want := `FROM \ TO   altibase-0    altibase-1         altibase-2  SERVER              SIDECAR
altibase-0                ok 2.0KiB +60s !2  retry       open                in service
altibase-1  ok 2.0KiB !2                     stopped     closed              waits
altibase-2  ?             ?                              unreachable, see 1  does not answer
+Ns: seconds that the pod of the column is behind
!n: changes that the pod of the column could not apply since it is connected; those that a copy brings twice are counted, too
1: no such host
altibase-2 tells that rows may differ: altibase-0: changes of altibase-2: 3 rows
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	if lag := m.Pairs[0].Lag; lag == nil || *lag != 1000 {
		t.Errorf("lag of %+v", m.Pairs[0])
	}
	out.Reset()
	if err := m.Print(&out, true); err != nil {
		t.Fatal(err)
	}
	for _, coloured := range []string{green + "ok", red + "retry", yellow + "stopped", green + "open", yellow + "?"} {
		if !strings.Contains(out.String(), coloured) {
			t.Errorf("%q is not in %q", coloured, out.String())
		}
	}
	if diff := cmp.Diff(want, regexp.MustCompile("\x1b\\[[0-9]+m").ReplaceAllString(out.String(), "")); diff != "" {
		t.Errorf("with colours:\n%s", diff)
	}
}

func TestTable_StaysATable_WhateverACellHolds(t *testing.T) {
	const long = "the master altibase-0 is not in service, and what it says about that takes far more room than a cell has"
	m := Mesh{Pods: []Pod{
		{Name: "p-0", State: Unreachable, Error: "ERR-31001 SQL syntax error \n\nline 1: parse error\nSELECT\n  ^", Sidecar: long},
		{Name: "p-1", State: Open, Sidecar: "a\ttab"},
		{Name: "p-2", State: Unreachable, Error: "ERR-31001 SQL syntax error \n\nline 1: parse error\nSELECT\n  ^", Sidecar: long},
	}}
	var out strings.Builder
	if err := m.Print(&out, false); err != nil {
		t.Fatal(err)
	}
	want := `FROM \ TO  p-0  p-1  p-2  SERVER              SIDECAR
p-0             ok   ok   unreachable, see 1  see 2
p-1        ok        ok   open                see 3
p-2        ok   ok        unreachable, see 1  see 2
1: ERR-31001 SQL syntax error 
   
   line 1: parse error
   SELECT
     ^
2: ` + long + `
3: a	tab
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestMesh_LeavesOutPodsThatThereAreNotToBe_UnlessSomethingIsKeptForThem(t *testing.T) {
	mesh := akucore.Mesh{StatefulSet: "p", Self: akucore.Outside, ServerCount: 4, Blocks: []akucore.Block{{Prefix: "R"}}}
	running, reset, stopped := akucore.Traffic{Started: true, XSN: 7, Sender: akucore.SenderRunning}, akucore.Traffic{XSN: akucore.Unset}, akucore.Traffic{XSN: 7}
	pods := []Pod{
		{Name: "p-0", State: Open, traffic: map[string]akucore.Traffic{"R_01": reset, "R_02": reset, "R_03": stopped}},
		{Name: "p-1", State: Open, traffic: map[string]akucore.Traffic{"R_01": running, "R_12": reset}},
		{Name: "p-2", State: Unreachable},
		{Name: "p-3", State: Unreachable},
	}
	whole := Mesh{Pods: pods, Pairs: pairs(mesh, pods, time.Second, time.Now())}
	for _, test := range []struct {
		replicas int
		want     []string
	}{
		{-1, []string{"p-0", "p-1", "p-2", "p-3"}}, // not known
		{4, []string{"p-0", "p-1", "p-2", "p-3"}},
		{3, []string{"p-0", "p-1", "p-2", "p-3"}}, // the log is kept for pod 3
		{2, []string{"p-0", "p-1", "p-3"}},
		{1, []string{"p-0", "p-1", "p-3"}}, // pod 1 is still there
	} {
		seen := whole.Of(test.replicas)
		var names []string
		for _, p := range seen.Pods {
			names = append(names, p.Name)
		}
		if diff := cmp.Diff(test.want, names); diff != "" {
			t.Errorf("%d replicas: %s", test.replicas, diff)
		}
		if want := len(names) * (len(names) - 1); len(seen.Pairs) != want {
			t.Errorf("%d replicas: %d ways, want %d", test.replicas, len(seen.Pairs), want)
		}
	}
}
