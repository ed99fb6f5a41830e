package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"

	"aku/internal/akucore"
)

// countingServer is the server of one pod, whose receivers have counted failures.
type countingServer struct {
	idleServer
	reads []map[string]*akucore.Received // by object, one read after the other; nil where it cannot be asked
	read  int
}

func (s *countingServer) Traffic(context.Context) (map[string]akucore.Traffic, error) {
	received := s.reads[min(s.read, len(s.reads)-1)]
	s.read++
	if received == nil {
		return nil, akucore.ErrUnreachable
	}
	traffic := map[string]akucore.Traffic{}
	for object, r := range received {
		traffic[object] = akucore.Traffic{Receiver: r}
	}
	return traffic, nil
}

// podServers are the servers of pods.
type podServers []Server

func (s podServers) Server(pod int) Server { return s[pod] }
func (s podServers) CloseIdle()            {}

// A plan that copies, and the end of a pod, are watched: a rise on any pod is reported, whether the plan
// succeeds or fails. The pod that gets the copy counts what comes twice, so it is left out.
func TestPlanThatCopies_ReceiversThatFailMeanwhile_AreReported(t *testing.T) {
	failed := func(link string, n int64) *akucore.Received {
		return &akucore.Received{Link: link, Failed: akucore.Changes{Updates: n}}
	}
	const from0, from1, from2 = "AKU_REP_01", "AKU_REP_12", "AKU_REP_02"
	type reads = []map[string]*akucore.Received
	quiet := reads{{}}
	for name, test := range map[string]struct {
		pods  [3]reads
		copy  bool // pod 2 gets it; else pod 2 ends
		wants []string
	}{
		"nothing rises":                             {pods: [3]reads{{{from0: failed("a", 4)}}, quiet, quiet}, copy: true},
		"on the master, from the other slave":       {pods: [3]reads{{{from0: failed("a", 4)}, {from0: failed("a", 7)}}, quiet, quiet}, copy: true, wants: []string{"1 to 0"}},
		"on the other slave, from the master":       {pods: [3]reads{quiet, {{from0: failed("a", 0)}, {from0: failed("a", 1)}}, quiet}, copy: true, wants: []string{"0 to 1"}},
		"on both":                                   {pods: [3]reads{{{from0: failed("a", 4)}, {from0: failed("a", 7)}}, {{from0: failed("a", 0)}, {from0: failed("a", 1)}}, quiet}, copy: true, wants: []string{"0 to 1", "1 to 0"}},
		"on the pod that gets the copy":             {pods: [3]reads{quiet, quiet, {{from1: failed("a", 0)}, {from1: failed("a", 9)}}}, copy: true},
		"on a pod that ends":                        {pods: [3]reads{quiet, quiet, {{from1: failed("a", 0)}, {from1: failed("a", 9)}}}, wants: []string{"1 to 2"}},
		"on the peer of a pod that ends":            {pods: [3]reads{{{from2: failed("a", 0)}, {from2: failed("a", 2)}}, quiet, quiet}, wants: []string{"2 to 0"}},
		"another connection counts what came twice": {pods: [3]reads{{{from0: failed("a", 4)}, {from0: failed("b", 7)}}, quiet, quiet}, copy: true},
		"a receiver that is new":                    {pods: [3]reads{{{}, {from0: failed("a", 7)}}, quiet, quiet}, copy: true},
		"a pod that could not be asked before":      {pods: [3]reads{{nil, {from0: failed("a", 7)}}, quiet, quiet}, copy: true},
		"a pod that cannot be asked afterwards":     {pods: [3]reads{{{from0: failed("a", 4)}, nil}, quiet, quiet}, copy: true},
		"a replication of somebody else":            {pods: [3]reads{{{"OTHER": failed("a", 4)}, {"OTHER": failed("a", 7)}}, quiet, quiet}, copy: true},
	} {
		t.Run(name, func(t *testing.T) {
			var servers podServers
			for _, reads := range test.pods {
				servers = append(servers, &countingServer{reads: reads})
			}
			var said []string
			r := Runner{Mesh: mesh(2), Servers: servers, Log: slog.New(slog.DiscardHandler), Report: func(e Event) {
				if e.Kind == GivenUp && errors.Is(e.Err, ErrGivenUp) {
					said = append(said, fmt.Sprintf("%d to %d", e.Step.On, e.Step.Peer))
				}
			}}
			var err error
			if test.copy { // refused, for the log is not kept
				sync := akucore.Step{Do: akucore.Sync, Side: akucore.Side{On: 0, Peer: 2}, If: akucore.IfKept}
				err = r.Run(t.Context(), akucore.Plan{Stages: []akucore.Stage{{Steps: []akucore.Step{sync}}}})
			} else {
				err = r.watchFailures(t.Context(), akucore.Outside, func() error { return errors.New("it does not end well") })
			}
			if err == nil {
				t.Error("the plan's error is lost")
			}
			slices.Sort(said)
			if !slices.Equal(said, test.wants) {
				t.Errorf("said %v, want %v", said, test.wants)
			}
		})
	}
}

// receivingServer is one of two servers. Its receiver fails to apply something while the own changes are delivered,
// and ends with the STOP of its peer's sender.
type receivingServer struct {
	endServer
	peer   *receivingServer
	failed int64
	over   bool
}

func (s *receivingServer) Beat(ctx context.Context, table akucore.Table, pod int) (akucore.Beat, error) {
	s.failed++
	return s.endServer.Beat(ctx, table, pod)
}

func (s *receivingServer) Traffic(context.Context) (map[string]akucore.Traffic, error) {
	if s.over {
		return nil, nil
	}
	return map[string]akucore.Traffic{"AKU_REP_01": {Receiver: &akucore.Received{Link: "a", Failed: akucore.Changes{Inserts: s.failed}}}}, nil
}

func (s *receivingServer) Stop(context.Context, string) error {
	s.peer.over = true
	return nil
}

// A receiver's counts end with the STOP of its sender, so they are compared right before it.
func TestEnd_ReceiverThatFailsBeforeItsSenderStops_IsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		own, master := &receivingServer{}, &receivingServer{}
		own.peer, master.peer = master, own
		m, said := mesh(1), []string{}
		m.ServerCount = 2
		r := Runner{Mesh: m, Servers: pods{0: master, 1: own}, Log: slog.New(slog.DiscardHandler), Report: func(e Event) {
			if e.Kind == GivenUp && errors.Is(e.Err, ErrGivenUp) {
				said = append(said, fmt.Sprintf("%d to %d", e.Step.On, e.Step.Peer))
			}
		}}
		e := Ender{Runner: &r, Options: akucore.EndOptions{Flush: true, Reset: akucore.ResetNever}}
		if err := e.End(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !own.over || !master.over {
			t.Errorf("not both senders were stopped: own %t, master's %t", master.over, own.over)
		}
		if want := []string{"0 to 1"}; !slices.Equal(said, want) {
			t.Errorf("said %v, want %v", said, want)
		}
	})
}
