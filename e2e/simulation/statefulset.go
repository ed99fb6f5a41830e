package simulation

import "time"

// statefulSet is the controller with OrderedReady.
type statefulSet struct {
	replicas int
	revision int  // of the pod template; a new one rolls the pods
	quiet    bool // nobody writes
}

// control creates and ends one pod after the other.
func (w *world) control() {
	for pause(w.ctx, time.Second+7*time.Nanosecond) == nil {
		w.mu.Lock()
		w.step()
		for pod := 1; pod < maxPods; pod++ {
			if m := w.running(0); m != nil && !m.adminMode && !w.silent(pod, 0) {
				w.masterSeen = time.Now()
			}
		}
		w.mu.Unlock()
	}
}

func (w *world) step() {
	for i := range w.set.replicas {
		switch p := w.pods[i]; {
		case p == nil:
			w.newPod(i)
			return
		case p.ending || !p.inService():
			return
		}
	}
	for i := maxPods - 1; i >= w.set.replicas; i-- {
		if p := w.pods[i]; p != nil {
			p.end()
			return
		}
	}
	for i := w.set.replicas - 1; i >= 0; i-- {
		switch p := w.pods[i]; {
		case p.revision != w.set.revision:
			w.tell("altibase-%d is rolled", i)
			p.end()
			return
		case !p.inService():
			return
		}
	}
}

// inService is the kubelet's view: the startup probe's marker and readiness.
func (p *pod) inService() bool { return p.ready && p.marker && p.server != nil }
