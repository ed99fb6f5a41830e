package akucore

// mesh is a pod of a mesh of three with one group and one table.
func mesh(self int) Mesh {
	return Mesh{
		StatefulSet: "altibase", Service: "altibase-svc", Self: self, ServerCount: 3, ReplicationPort: 20301,
		Groups: []Group{{Prefix: "AKU_REP", Parallel: 4, Tables: []Table{{User: "SYS", Name: "T1"}}}},
	}
}

// world builds a View for the plan tables.
type world struct {
	m      Mesh
	view   View
	tables []Table // of the objects; nil for those of the mesh
}

func newWorld(m Mesh) *world {
	return &world{m: m, view: View{Mesh: m, Pods: map[int]Pod{}, Replicas: -1}}
}

func (w *world) pod(pod int, p Pod) *world {
	p.Objects = map[string]Object{}
	if p.Err == nil {
		p.Beats = map[Table]map[int]Beats{}
		for _, t := range w.m.Beats() {
			p.Beats[t] = map[int]Beats{}
		}
	}
	w.view.Pods[pod] = p
	return w
}

func (w *world) open(pods ...int) *world {
	for _, pod := range pods {
		w.pod(pod, Pod{})
	}
	return w
}

func (w *world) closed(pod int) *world {
	if pod == w.m.Self {
		return w.pod(pod, Pod{State: State{Instance: Instance{AdminMode: true}}})
	}
	return w.pod(pod, Pod{Err: ErrClosed})
}

func (w *world) away(pods ...int) *world {
	for _, pod := range pods {
		w.pod(pod, Pod{Err: ErrUnreachable})
	}
	return w
}

// changedMesh is the mesh with a second table, whose objects do not have it yet.
func changedMesh(self int) Mesh {
	m := mesh(self)
	m.Groups[0].Tables = []Table{{User: "SYS", Name: "T1"}, {User: "SYS", Name: "T2"}}
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
		w.tables = append(w.tables, Table{User: "SYS", Name: t})
	}
	return w
}

// keeps leaves the sign on a pod that a peer did not apply all.
func (w *world) keeps(pod, peer int) *world {
	spec := w.m.GivenUpSign(pod, peer)
	w.view.Pods[pod].Objects[spec.Name] = Object{Name: spec.Name, XSN: Unset, Host: spec.Host, Port: spec.Port, Tables: spec.Tables}
	return w
}

// edit changes an object of a pod.
func (w *world) edit(pod int, name string, change func(*Object)) *world {
	o := w.view.Pods[pod].Objects[name]
	change(&o)
	w.view.Pods[pod].Objects[name] = o
	return w
}

// side gives a pod its side of the pair with a peer, in every group.
func (w *world) side(pod, peer int, xsn int64, started bool, sender SenderState) *world {
	for _, g := range w.m.Groups {
		name := g.Object(PairOf(pod, peer))
		spec := w.m.Spec(g, pod, peer)
		if w.tables != nil {
			spec.Tables = w.tables
		}
		w.view.Pods[pod].Objects[name] = Object{Name: name, XSN: xsn, Started: started, Sender: sender, Host: spec.Host, Port: spec.Port, Tables: spec.Tables}
	}
	return w
}

func (w *world) running(pod, peer int) *world { return w.side(pod, peer, 100, true, SenderRunning) }
func (w *world) stopped(pod, peer int) *world { return w.side(pod, peer, 100, false, SenderNone) }
func (w *world) reset(pod, peer int) *world   { return w.side(pod, peer, Unset, false, SenderNone) }

// beats gives a pod the beats of another one, or of its own, in every group.
func (w *world) beats(pod, of int, beats ...Beat) *world {
	for _, t := range w.m.Beats() {
		w.view.Pods[pod].Beats[t][of] = beats
	}
	return w
}

// both gives both pods their side.
func (w *world) both(side func(pod, peer int) *world, a, b int) *world {
	side(a, b)
	return side(b, a)
}
