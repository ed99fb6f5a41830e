package lifecycle

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"aku/internal/akucore"
)

// transactionServer is a server with open transactions that end after some time.
type transactionServer struct {
	Server
	silent bool
	open   map[Transaction]time.Time // and when they end
}

func (s *transactionServer) OpenTransactions(context.Context) (open []Transaction, ok bool, err error) {
	for t, end := range s.open {
		if time.Now().Before(end) {
			open = append(open, t)
		}
	}
	return open, !s.silent, nil
}

func TestSettle_WaitsForTheTransactionsThatAreOpenNow(t *testing.T) {
	tests := []struct {
		name     string
		silent   bool
		lasting  []time.Duration
		atLeast  time.Duration
		atMost   time.Duration
		timedOut bool
	}{
		{name: "none", atMost: 0},
		{name: "two", lasting: []time.Duration{time.Second, 3 * time.Second}, atLeast: 3 * time.Second, atMost: 3*time.Second + pollMost},
		{name: "one that does not end", lasting: []time.Duration{time.Hour}, atLeast: settleLimit, atMost: settleLimit + pollMost, timedOut: true},
		{name: "the server does not tell", silent: true, lasting: []time.Duration{time.Hour}, atMost: 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &transactionServer{silent: test.silent, open: map[Transaction]time.Time{}}
				for i, d := range test.lasting {
					server.open[Transaction{ID: int64(i), Session: int64(i) + 1}] = time.Now().Add(d)
				}
				r := Runner{Mesh: mesh(2), Servers: oneServer{server}, Log: slog.New(slog.DiscardHandler)}
				began := time.Now()
				err := r.settle(t.Context(), server, akucore.Step{Do: akucore.Settle, Side: akucore.Side{On: 1, Peer: akucore.Master}})
				if took := time.Since(began); took < test.atLeast || took > test.atMost || errors.Is(err, akucore.ErrTimeout) != test.timedOut || (err != nil) != test.timedOut {
					t.Errorf("it took %s, error %v", took, err)
				}
			})
		})
	}
}
