package lifecycle

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"aku/internal/akucore"
)

// slowServer copies 100 records a second of one table and 10 of another one, and has a peer
// that applies nothing for a while.
type slowServer struct {
	idleServer
	began time.Time
	takes time.Duration
}

func (s *slowServer) seconds() int64 { return int64(time.Since(s.began) / time.Second) }

func (s *slowServer) Sync(context.Context, string, int, []akucore.Table, time.Duration) error {
	time.Sleep(s.takes)
	return nil
}

func (s *slowServer) SyncProgress(context.Context, string) ([]SyncProgress, error) {
	progress := []SyncProgress{{Table: "T1", Records: 100 * s.seconds()}, {Table: "T2", Records: 10 * s.seconds()}}
	if s.seconds() > 7 {
		progress[1].Records = -1 // it is done
	}
	for i := range progress {
		progress[i].SN = min(1, s.seconds()) // it waits for its locks at first
	}
	return progress, nil
}

func (s *slowServer) Traffic(context.Context) (map[string]akucore.Traffic, error) {
	return map[string]akucore.Traffic{"AKU_REP_01": {Receiver: &akucore.Received{}, Gap: &akucore.Gap{LastSN: 1000, Bytes: 5000 - 100*s.seconds()}}}, nil
}

func (s *slowServer) Beat(context.Context, akucore.Table, int) (akucore.Beat, error) {
	return akucore.Beat{Number: 7}, nil
}

func (s *slowServer) Arrived(context.Context, akucore.Table, int, int64) (bool, error) {
	return time.Since(s.began) >= s.takes, nil
}

func (s *slowServer) Carries(context.Context, string, akucore.Table) (bool, error) { return true, nil }

func (s *slowServer) Sender(context.Context, string) (akucore.SenderState, error) {
	return akucore.SenderRunning, nil
}

func TestLongWork_SaysEveryFiveSecondsHowFarItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var out bytes.Buffer
		r := Runner{Mesh: mesh(1), Servers: oneServer{&slowServer{began: began, takes: 17 * time.Second}}, Log: slog.New(slog.NewTextHandler(&out, nil))}
		if err := r.Run(t.Context(), akucore.Plan{Stages: []akucore.Stage{{Steps: []akucore.Step{{Do: akucore.Sync, Side: akucore.Side{On: 0, Peer: 1}}}}}}); err != nil {
			t.Fatal(err)
		}
		r.Servers = oneServer{&slowServer{began: time.Now(), takes: 17 * time.Second}}
		if err := r.Run(t.Context(), akucore.Plan{Stages: []akucore.Stage{{Steps: []akucore.Step{{Do: akucore.Deliver, Side: akucore.Side{On: 1, Peer: 0}}}}}}); err != nil {
			t.Fatal(err)
		}
		line := regexp.MustCompile(`(?m)^time=(\S+) .*msg=(?:copying replication=AKU_REP_01 (table=.*)|delivering .*(gap_bytes=.*))$`)
		var got []string
		for _, said := range line.FindAllStringSubmatch(out.String(), -1) {
			at, err := time.Parse(time.RFC3339, said[1])
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprint(int(at.Sub(began).Seconds()), " s ", said[2], said[3]))
		}
		want := []string{
			"5 s table=T1 records=500 records_per_second=100",
			"5 s table=T2 records=50 records_per_second=10",
			"10 s table=T1 records=1000 records_per_second=100",
			"15 s table=T1 records=1500 records_per_second=100",
			"18 s gap_bytes=4900",
			"23 s gap_bytes=4400",
			"28 s gap_bytes=3900",
			"33 s gap_bytes=3400",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s\n%s", diff, out.String())
		}
	})
}
