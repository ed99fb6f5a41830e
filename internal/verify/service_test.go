package verify

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aku/internal/akucore"
)

// looked is a server that is only looked at.
type looked struct {
	Server
	state akucore.State
	err   error
	hangs bool
}

func (s looked) Brief(ctx context.Context) (akucore.State, error) {
	if s.hangs {
		<-ctx.Done()
		return akucore.State{}, fmt.Errorf("%w: %w", akucore.ErrTimeout, ctx.Err())
	}
	return s.state, s.err
}

func (s looked) Instance(ctx context.Context) (akucore.Instance, error) {
	state, err := s.Brief(ctx)
	return state.Instance, err
}

// object is one side of the pair of two pods.
func object(change func(*akucore.Object)) akucore.State {
	o := akucore.Object{Name: "R_01", Started: true, XSN: 7, Sender: akucore.SenderRunning}
	change(&o)
	return akucore.State{Objects: map[string]akucore.Object{o.Name: o}}
}

func TestService_SaysWhatIsNotInService(t *testing.T) {
	well := func(*akucore.Object) {}
	mesh := akucore.Mesh{StatefulSet: "db", ServerCount: 2, Blocks: []akucore.Block{{Prefix: "R"}}}
	for _, test := range []struct {
		peer  looked
		fault string // "" for none
	}{
		{looked{state: object(well)}, ""},
		{looked{state: akucore.State{Instance: akucore.Instance{AdminMode: true}}}, "db-1 is not in service: closed to users"},
		{looked{err: akucore.ErrClosed}, "db-1 is not in service: closed to users"},
		{looked{hangs: true}, "db-1 is not in service: "},
		{looked{state: akucore.State{}}, "db-1 has no replication object R_01 towards db-0"},
		{looked{state: object(func(o *akucore.Object) { o.Started = false })}, "R_01 on db-1 is stopped"},
		{looked{state: object(func(o *akucore.Object) { o.Sender = akucore.SenderRetry })}, "R_01 on db-1 is not connected to db-0"},
	} {
		synctest.Test(t, func(t *testing.T) {
			v := verifier{mesh: mesh, servers: []Server{looked{state: object(well)}, test.peer}}
			began := time.Now()
			pods, faults := v.service(t.Context())
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("it took %s", took)
			}
			switch {
			case test.fault == "" && len(faults) > 0:
				t.Errorf("%v", faults)
			case test.fault != "" && (len(faults) != 1 || !strings.HasPrefix(faults[0], test.fault)):
				t.Errorf("%v, want %s", faults, test.fault)
			}
			if notIn := strings.Contains(test.fault, "not in service"); !pods[0].InService || pods[1].InService == notIn || (pods[1].Reason == "") == notIn {
				t.Errorf("%+v", pods)
			}
		})
	}
}

// A pod that hangs is away, as one that cannot be reached.
func TestAnswering_IsUpToTheLastPodThatIsNotAway(t *testing.T) {
	for want, last := range map[int]looked{
		3: {}, 2: {hangs: true}, 1: {err: akucore.ErrUnreachable},
	} {
		synctest.Test(t, func(t *testing.T) {
			servers := []looked{{}, last, {err: akucore.ErrUnreachable}}
			switch want {
			case 3:
				servers[2] = looked{err: akucore.ErrClosed}
			case 2:
				servers[1], servers[2] = looked{err: akucore.ErrClosed}, last
			}
			began := time.Now()
			got := answering(t.Context(), akucore.Mesh{ServerCount: 3}, func(pod int) Server { return servers[pod] })
			if got != want {
				t.Errorf("%d pods answer, want %d", got, want)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}
