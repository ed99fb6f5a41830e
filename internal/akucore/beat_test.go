package akucore

import "testing"

func TestBeats_TellHistoriesApart(t *testing.T) {
	// Lives of a pod: the first from 100 on, the second after 150 from 200 on.
	own := Beats{{Number: 100, Life: 100}, {Number: 200, Life: 200, Prev: 150}, {Number: 230, Life: 200, Prev: 150}}
	tests := []struct {
		name  string
		other Beat
		out   bool
	}{
		{"the newest", Beat{Number: 230, Life: 200, Prev: 150}, false},
		{"one of this life that was deleted since", Beat{Number: 210, Life: 200, Prev: 150}, false},
		{"the last of the life before", Beat{Number: 150, Life: 100}, false},
		{"later than any: the database was set back", Beat{Number: 300, Life: 200, Prev: 150}, true},
		{"between two lives: it was set back, and has gone on since", Beat{Number: 170, Life: 100}, true},
	}
	for _, test := range tests {
		if out := own.leavesOut(test.other); out != test.out {
			t.Errorf("%s: left out %t, want %t", test.name, out, test.out)
		}
	}
	copied := append(Beats{{Number: 60, Life: 50}}, own...)
	if copied.leavesOut(Beat{Number: 60, Life: 50}) {
		t.Error("a beat that a copy has brought along is left out")
	}
}

func TestBeats_NumbersGrowWhateverTheClockSays(t *testing.T) {
	var b Beats
	first := b.Next(1000)
	if first != (Beat{Number: 1000, Life: 1000, At: 1000}) {
		t.Errorf("the first: %+v", first)
	}
	b = append(b, first)
	if next := b.Next(900); next != (Beat{Number: 1001, Life: 1000, At: 900}) {
		t.Errorf("after the clock went back: %+v", next)
	}
	if life := b.Begin(5000, 2000); life != (Beat{Number: 5001, Life: 5001, Prev: 5000, At: 2000}) {
		t.Errorf("a life above what others know: %+v", life)
	}
}
