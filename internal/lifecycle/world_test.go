package lifecycle

import "aku/internal/akucore"

// mesh is a pod of a mesh of three with one block and one table.
func mesh(self int) akucore.Mesh {
	return akucore.Mesh{
		StatefulSet: "altibase", Service: "altibase-svc", Self: self, ServerCount: 3, ReplicationPort: 20301,
		Blocks: []akucore.Block{{Prefix: "AKU_REP", Parallel: 4, Tables: []akucore.Table{{User: "SYS", Name: "T1"}}}},
	}
}

// world builds a View for the plan tables.
type world struct {
	m      akucore.Mesh
	view   akucore.View
	tables []akucore.Table // of the objects; nil for those of the mesh
}

func newWorld(m akucore.Mesh) *world {
	return &world{m: m, view: akucore.View{Mesh: m, Pods: map[int]akucore.Pod{}, Replicas: -1}}
}

func (w *world) pod(pod int, p akucore.Pod) *world {
	p.Objects = map[string]akucore.Object{}
	if p.Err == nil {
		p.Beats = map[akucore.Table]map[int]akucore.Beats{}
		for _, t := range w.m.Beats() {
			p.Beats[t] = map[int]akucore.Beats{}
		}
	}
	w.view.Pods[pod] = p
	return w
}

func (w *world) open(pods ...int) *world {
	for _, pod := range pods {
		w.pod(pod, akucore.Pod{})
	}
	return w
}

func (w *world) away(pods ...int) *world {
	for _, pod := range pods {
		w.pod(pod, akucore.Pod{Err: akucore.ErrUnreachable})
	}
	return w
}

// changedMesh is the mesh with a second table, whose objects do not have it yet.
func changedMesh(self int) akucore.Mesh {
	m := mesh(self)
	m.Blocks[0].Tables = []akucore.Table{{User: "SYS", Name: "T1"}, {User: "SYS", Name: "T2"}}
	return m
}

// lists has the sides that are given from here on carry these tables of SYS, beside the
// beat table.
func (w *world) lists(tables ...string) *world {
	w.listsAlone(tables...)
	w.tables = append(w.tables, w.m.Beats()...)
	return w
}

// listsAlone is lists without the beat table, as before there were beats.
func (w *world) listsAlone(tables ...string) *world {
	w.tables = nil
	for _, t := range tables {
		w.tables = append(w.tables, akucore.Table{User: "SYS", Name: t})
	}
	return w
}

// side gives a pod its side of the pair with a peer, in every block.
func (w *world) side(pod, peer int, xsn int64, started bool, sender akucore.SenderState) *world {
	for _, b := range w.m.Blocks {
		name := b.Object(akucore.PairOf(pod, peer))
		spec := w.m.Spec(b, pod, peer)
		if w.tables != nil {
			spec.Tables = w.tables
		}
		w.view.Pods[pod].Objects[name] = akucore.Object{Name: name, XSN: xsn, Started: started, Sender: sender, Host: spec.Host, Port: spec.Port, Tables: spec.Tables}
	}
	return w
}

func (w *world) running(pod, peer int) *world {
	return w.side(pod, peer, 100, true, akucore.SenderRunning)
}

// both gives both pods their side.
func (w *world) both(side func(pod, peer int) *world, a, b int) *world {
	side(a, b)
	return side(b, a)
}
