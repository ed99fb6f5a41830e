package sidecar

import (
	"fmt"
	"slices"
	"time"

	"aku/internal/akucore"
	"aku/internal/events"
	"aku/internal/steps"
)

// findEnd finds out, once for each start of the server, how its last run ended. The hook
// records an end in the folder that the containers share. But that folder is deleted with
// the pod, and a killed server had no hook. The server itself also shows it: an end in good
// order stops the pod's side of every pair, so a started side shows that there was none.
func (s *Sidecar) findEnd(m akucore.Mesh, own akucore.Pod) {
	first, before, err := s.dir.FirstObservation(own.StartTime)
	s.warn("how the server ended is not known", err)
	if err != nil {
		return
	}
	if !first || own.Open() || !anyStarted(m, own) {
		return
	}
	end, ok, err := steps.Read(s.Settings.RunDir)
	if err == nil && ok && end.Began.Unix() >= before {
		return // the hook's record of this very end
	}
	s.Log.Warn("the server had not ended in good order: it was killed, or its time was too short. What was not delivered is delivered now")
	if err := steps.Write(s.Settings.RunDir, steps.Summary{Began: time.Now(), Found: true}); err != nil {
		s.Log.Warn("this is not in the metrics", "error", err)
	}
	s.lastEnd()
}

func anyStarted(m akucore.Mesh, own akucore.Pod) bool {
	return slices.ContainsFunc(m.ObjectsOf(m.Self), func(name string) bool { return own.Objects[name].Started })
}

// lastEnd reads the record of the pod's last end.
func (s *Sidecar) lastEnd() {
	end, ok, err := steps.Read(s.Settings.RunDir)
	s.warn("the last end is not known", err)
	if err != nil {
		return
	}
	if !ok || end.Began.Equal(s.ended) {
		return
	}
	s.ended = end.Began
	s.metrics.Ended(end)
	text := fmt.Sprintf("the end is over, all done: %t", end.OK)
	if end.Found {
		text = "the server had not ended in good order"
	}
	s.publish(events.Entry{Kind: events.End, Text: text, Seconds: end.Seconds})
}
