package akucore

// PlanClean takes all replication of the own pod away, as a human asked: it stops
// both sides of every pair and drops the own objects. What was not sent is lost,
// so it is never part of a start or an end.
func PlanClean(m Mesh, v View) Plan {
	p := Plan{Name: "clean"}
	stop := Stage{Title: "stop both sides"}
	drop := Stage{Title: "drop the own objects"}
	for _, peer := range m.Peers() {
		for g := range m.Groups {
			if own, exists := v.object(m, m.Self, peer, g); exists {
				if own.active() {
					stop.Steps = append(stop.Steps, Step{Do: Stop, On: m.Self, Peer: peer, Group: g})
				}
				drop.Steps = append(drop.Steps, Step{Do: Drop, On: m.Self, Peer: peer, Group: g, If: IfStopped})
			}
			if theirs, _ := v.object(m, peer, m.Self, g); theirs.active() {
				stop.Steps = append(stop.Steps, Step{Do: Stop, On: peer, Peer: m.Self, Group: g})
			}
		}
	}
	p.add(stop)
	p.add(drop)
	p.add(Stage{Title: "drop the beat tables", Steps: forGroups(m, Step{Do: DropBeats, On: m.Self})})
	return p
}
