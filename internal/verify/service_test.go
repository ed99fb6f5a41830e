package verify

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aku/internal/akucore"
	"aku/internal/lifecycle/lifecycletest"
)

// object is one side of the pair of two pods.
func object(change func(*akucore.Object)) lifecycletest.Server {
	o := akucore.Object{Name: "R_01", Started: true, XSN: 7, Sender: akucore.SenderRunning}
	change(&o)
	return lifecycletest.Server{Is: akucore.State{Objects: map[string]akucore.Object{o.Name: o}}}
}

func TestService_SaysWhatIsNotInService(t *testing.T) {
	well := func(*akucore.Object) {}
	mesh := akucore.Mesh{StatefulSet: "db", ServerCount: 2, Blocks: []akucore.Block{{Prefix: "R"}}}
	for _, test := range []struct {
		peer  lifecycletest.Server
		fault string // "" for none
	}{
		{object(well), ""},
		{lifecycletest.Closed, "db-1 is not in service: closed to users"},
		{lifecycletest.Server{Err: akucore.ErrClosed}, "db-1 is not in service: closed to users"},
		{lifecycletest.Server{Hangs: true}, "db-1 is not in service: "},
		{lifecycletest.Server{}, "db-1 has no replication object R_01 towards db-0"},
		{object(func(o *akucore.Object) { o.Started = false }), "R_01 on db-1 is stopped"},
		{object(func(o *akucore.Object) { o.Sender = akucore.SenderRetry }), "R_01 on db-1 is not connected to db-0"},
	} {
		synctest.Test(t, func(t *testing.T) {
			v := verifier{mesh: mesh, all: lifecycletest.Servers{object(well), test.peer}, servers: make([]Server, 2)}
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
	for want, last := range map[int]lifecycletest.Server{
		3: {}, 2: {Hangs: true}, 1: {Err: akucore.ErrUnreachable},
	} {
		synctest.Test(t, func(t *testing.T) {
			servers := lifecycletest.Servers{{}, last, {Err: akucore.ErrUnreachable}}
			switch want {
			case 3:
				servers[2] = lifecycletest.Server{Err: akucore.ErrClosed}
			case 2:
				servers[1], servers[2] = lifecycletest.Server{Err: akucore.ErrClosed}, last
			}
			began := time.Now()
			got := answering(t.Context(), akucore.Mesh{ServerCount: 3}, servers)
			if got != want {
				t.Errorf("%d pods answer, want %d", got, want)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}
