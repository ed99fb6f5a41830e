package akucore

import (
	"strings"
	"testing"
)

func TestCarries_PartitionsOfAWholeTableAreTheTable(t *testing.T) {
	whole := []Table{{User: "SYS", Name: "T1"}, {User: "SYS", Name: "T2"}}
	tests := []struct {
		name       string
		items      []Table
		configured []Table
		want       bool
	}{
		{"the same in another order", []Table{whole[1], whole[0]}, whole, true},
		{"one is missing", whole[:1], whole, false},
		{"one is too much", whole, whole[:1], false},
		{"listed by partition", []Table{{"SYS", "T1", "P1"}, {"SYS", "T1", "P2"}, whole[1]}, whole, true},
		{"one partition configured", []Table{{"SYS", "T1", "P1"}}, []Table{{"SYS", "T1", "P1"}}, true},
		{"another partition configured", []Table{{"SYS", "T1", "P1"}}, []Table{{"SYS", "T1", "P2"}}, false},
		{"of another user", []Table{{"U", "T1", ""}}, whole[:1], false},
	}
	for _, test := range tests {
		if got := (Object{Tables: test.items}).carries(test.configured); got != test.want {
			t.Errorf("%s: %t, want %t", test.name, got, test.want)
		}
	}
}

func TestForgotten_AreNamedWithWhatTheyKeep(t *testing.T) {
	m := mesh(1)
	w := newWorld(m).open(0, 1)
	w.running(1, 0)
	own := w.view.Pods[1].Objects
	for _, o := range []Object{
		{Name: "AKU_OLD_01", XSN: 77, Host: "altibase-0.altibase-svc", Tables: m.Groups[0].Tables},
		{Name: "AKU_REP_14", XSN: Unset, Host: "altibase-4.altibase-svc"},
		{Name: "OTHER", XSN: 5, Host: "elsewhere"},
	} {
		own[o.Name] = o
	}
	texts := w.view.TellForgotten(w.view.Forgotten())
	if len(texts) != 2 || !strings.Contains(texts[0], "AKU_OLD_01") || !strings.Contains(texts[0], "from 77 on") ||
		!strings.Contains(texts[1], "AKU_REP_14") || strings.Contains(texts[1], "keeps the log") {
		t.Errorf("it says %q", texts)
	}
}
