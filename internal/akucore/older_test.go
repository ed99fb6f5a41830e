package akucore

import "testing"

// The peer has a later beat of this pod in the tables of both blocks, and each test says what the own tables have.
func TestEmptied_OnlyWhenNoOtherBlockShowsThatTheDatabaseWasSetBack(t *testing.T) {
	mesh := Mesh{Self: 1, ServerCount: 2, Blocks: []Block{{Prefix: "AKU_A"}, {Prefix: "AKU_B"}}}
	a, b := mesh.Blocks[0].Beat(), mesh.Blocks[1].Beat()
	life := Beats{{Number: 100, Life: 100}}
	later := map[int]Beats{1: {{Number: 100, Life: 100}, {Number: 150, Life: 100}}}
	for name, c := range map[string]struct {
		own  map[Table]map[int]Beats
		want Table
	}{
		"both were emptied": {map[Table]map[int]Beats{a: {}, b: {}}, b},
		"it was set back":   {map[Table]map[int]Beats{a: {1: life}, b: {1: life}}, Table{}},
		"it was set back, and a block's table is new": {map[Table]map[int]Beats{a: {1: life}, b: {}}, Table{}},
		"one was emptied": {map[Table]map[int]Beats{a: later, b: {}}, b},
	} {
		peer := State{Beats: map[Table]map[int]Beats{a: later, b: later}}
		v := View{Mesh: mesh, Pods: map[int]Pod{0: {State: peer}, 1: {State: State{Beats: c.own}}}}
		if got := v.emptied(); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}
