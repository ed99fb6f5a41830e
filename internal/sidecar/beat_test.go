package sidecar

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
)

// fullServer holds an old beat of pod 0, and takes no new one: its disk is full.
type fullServer struct{ lifecycle.Server }

func (fullServer) Beats(context.Context, akucore.Table) (map[int]akucore.Beats, error) {
	return map[int]akucore.Beats{0: {{Number: 7, Life: 7, At: time.Now().Add(-65 * time.Second).UnixMilli()}}}, nil
}

func (fullServer) Beat(context.Context, akucore.Table, int) (akucore.Beat, error) {
	return akucore.Beat{}, errors.New("no space")
}

type fullServers struct{ noServers }

func (fullServers) Server(int) lifecycle.Server { return fullServer{} }

// An alert watches the delay of the peers' beats. It goes on when the pod cannot insert its own.
func TestDelay_IsReadAlsoWhenTheOwnBeatCannotBeInserted(t *testing.T) {
	settings, err := settingsOf(t, "altibase-1")
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		s := New(settings, fullServers{}, logTo(t))
		s.metrics.SetTraffic(map[string]akucore.Traffic{"AKU_REP_01": {Started: true, XSN: 7, Sender: akucore.SenderRunning}})
		s.beat(t.Context())
		answer := httptest.NewRecorder()
		s.metrics.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
		if want := `aku_replication_delay_seconds{peer="altibase-0",replication="AKU_REP_01"} 60`; !strings.Contains(answer.Body.String(), want) {
			t.Errorf("no %s in:\n%s", want, answer.Body)
		}
		if !s.beatless {
			t.Error("that there is no beat is not noticed")
		}
	})
}
