package simulation

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Faults of volumes.

func loseVolume(p int) fault {
	return fault{fmt.Sprintf("altibase-%d: the pod and its volume are lost", p), func(w *world) {
		if w.pods[p] != nil {
			w.pods[p].gone()
		}
		if v := w.volumes[p]; v != nil {
			w.lost = append(w.lost, v)
			w.volumes[p] = nil
		}
	}}
}

// volumesLost is a schedule in which slaves lose their volumes after a while in service, with kills beside
// the statements of their joins.
func volumesLost(r *rand.Rand, o Options) (first int, events []event) {
	first = min(2+r.IntN(3), o.ServerCount)
	events = append(events, event{after: time.Duration(first)*20*time.Second + seconds(r, 0, 60)})
	for range 1 + r.IntN(2) {
		victim := 1 + r.IntN(first-1)
		events = append(events, event{fault: loseVolume(victim)})
		if r.IntN(2) == 0 {
			p := r.IntN(first)
			kill := []func(int) fault{killSidecar, killServer, killPod, endPod}[r.IntN(4)](p)
			events = append(events, event{arm: &armed{fault: kill, on: victim, countdown: 1 + r.IntN(20), moment: moment(r.IntN(3))}})
		}
		events = append(events, event{after: seconds(r, 10, 90)})
	}
	return first, events
}
