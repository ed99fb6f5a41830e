package akucore

import "testing"

func TestResetMode_TheMasterNeverLeaves_OthersByModeAndReplicas(t *testing.T) {
	tests := []struct {
		mode          ResetMode
		pod, replicas int
		want          bool
	}{
		{ResetAlways, 1, -1, true},
		{ResetAlways, Master, 0, false},
		{ResetNever, 2, 1, false},
		{ResetAuto, 2, 2, true},   // scaled down
		{ResetAuto, 1, 2, false},  // restart, drain, rolling update
		{ResetAuto, 1, -1, false}, // not known
		{ResetAuto, 1, 0, false},  // everything stops
		{ResetAuto, Master, 1, false},
	}
	for _, test := range tests {
		if got := test.mode.leaves(test.pod, test.replicas); got != test.want {
			t.Errorf("mode %s, pod %d of %d: leaves %t", test.mode, test.pod, test.replicas, got)
		}
	}
}
