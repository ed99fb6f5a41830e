package akucore

// PlanClean removes all replication of the own pod, because a person asked for it. What was
// not sent is lost, so it is never part of a start or an end.
func PlanClean(v View) Plan {
	c := clean{v}
	return Plan{Name: "clean"}.with(
		c.stop(),
		c.drop(),
		Stage{Title: "drop the beat tables", Steps: v.forBlocks(on(v.Self, DropBeats))},
	)
}

type clean struct{ View }

func (c clean) stop() Stage {
	stage := Stage{Title: "stop both sides"}
	for _, peer := range c.Peers() {
		for b := range c.Blocks {
			for _, side := range []Side{c.here(peer), c.there(peer)} {
				if o, _ := c.object(side, b); o.Active() {
					stage.Steps = append(stage.Steps, side.do(Stop, b))
				}
			}
		}
	}
	return stage
}

func (c clean) drop() Stage {
	stage := Stage{Title: "drop the own objects"}
	for _, peer := range c.Peers() {
		for b := range c.Blocks {
			if _, exists := c.object(c.here(peer), b); exists {
				stage.Steps = append(stage.Steps, c.here(peer).at(b).As(Drop, IfStopped))
			}
		}
	}
	return stage
}
