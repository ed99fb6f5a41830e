package main

import "testing"

// TestMutations_FitTheCode finds a mutation whose words are no longer in the code, long before `make
// mutations` runs.
func TestMutations_FitTheCode(t *testing.T) {
	t.Chdir("../..")
	for _, m := range mutations {
		if _, _, err := m.find(); err != nil {
			t.Errorf("%s: %v", m.what, err)
		}
	}
}
