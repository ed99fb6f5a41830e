package akucore

// PlanClean takes all replication of the own pod away, as a human asked: it stops
// both sides of every pair and drops the own objects. What was not sent is lost,
// so it is never part of a start or an end.
func PlanClean(v View) Plan {
	p := Plan{Name: "clean"}
	stop := Stage{Title: "stop both sides"}
	drop := Stage{Title: "drop the own objects"}
	for _, peer := range v.Peers() {
		for g := range v.Groups {
			if own, exists := v.object(v.Self, peer, g); exists {
				if own.Active() {
					stop.Steps = append(stop.Steps, Step{Do: Stop, On: v.Self, Peer: peer, Group: g})
				}
				drop.Steps = append(drop.Steps, Step{Do: Drop, On: v.Self, Peer: peer, Group: g, If: IfStopped})
			}
			if theirs, _ := v.object(peer, v.Self, g); theirs.Active() {
				stop.Steps = append(stop.Steps, Step{Do: Stop, On: peer, Peer: v.Self, Group: g})
			}
		}
	}
	p.add(stop)
	p.add(drop)
	p.add(Stage{Title: "drop the beat tables", Steps: forGroups(v.Mesh, Step{Do: DropBeats, On: v.Self})})
	return p
}
