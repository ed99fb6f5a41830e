package main

import "testing"

// TestMutations_FitTheCode sees a breakage whose words have left the code, long before `make mutations` is run again.
func TestMutations_FitTheCode(t *testing.T) {
	t.Chdir("../..")
	for _, m := range mutations {
		if _, _, err := m.find(); err != nil {
			t.Errorf("%s: %v", m.what, err)
		}
	}
}
