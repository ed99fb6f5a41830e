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
	v := parseView(t, `
		pod 1 of 3
		0 open
		1 open
			to 0 100 running
			AKU_OLD to 0 77 stopped
			to 4 reset
			OTHER to 0 5 stopped host elsewhere
		2 away`)
	texts := v.TellForgotten(v.Forgotten())
	if len(texts) != 2 || !strings.Contains(texts[0], "AKU_OLD_01") || !strings.Contains(texts[0], "from 77 on") ||
		!strings.Contains(texts[1], "AKU_REP_14") || strings.Contains(texts[1], "keeps the log") {
		t.Errorf("it says %q", texts)
	}
}
