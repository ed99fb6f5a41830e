package akucore

import "testing"

// The first that a recovery makes is the master's beat table. It is empty, and that must not look like another loss.
func TestGeneration_ARecoveryThatIsCutAtOnce_IsOfTheSameLoss(t *testing.T) {
	generation := func(table bool) string {
		v := parseView(t, `
			pod 0 of 3
			0 closed
			1 open
				to 0 100 running
				beats of 0: 7
			2 away`)
		if !table {
			clear(v.Pods[0].Beats)
		}
		return v.generation(1)
	}
	if before, after := generation(false), generation(true); before != "1-100" || after != before {
		t.Errorf("the generation is %s before there is a beat table, and %s then", before, after)
	}
}
