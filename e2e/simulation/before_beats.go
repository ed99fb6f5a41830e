package simulation

import "slices"

// beforeBeats makes the volumes of a mesh under an aku without beats: all pods are joined, and their objects
// carry no beat table.
func (w *world) beforeBeats(pods int) {
	for number := range pods {
		v := newVolume(w, number)
		w.volumes[number] = v
		for t := range v.complete {
			v.complete[t] = true
		}
		m := (&pod{w: w, number: number}).mesh()
		for b, block := range m.Blocks {
			for _, peer := range m.Peers() {
				if peer >= pods {
					continue
				}
				spec := m.Spec(block, number, peer)
				spec.Tables = slices.Clone(block.Tables)
				o := &object{spec: spec, block: b, items: map[int]int64{}, peer: peer, started: true, xsn: v.last}
				for _, t := range spec.Tables {
					o.items[table(t)] = v.last
				}
				v.objects[spec.Name] = o
			}
		}
	}
}
