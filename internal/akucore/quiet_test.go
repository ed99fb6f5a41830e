package akucore

import (
	"context"
	"errors"
	"testing"
)

// countingServer answers the looks of a proof, one after the other.
type countingServer struct {
	Server
	sent []Sent
	read int64
	err  error
}

func (s *countingServer) Sent(context.Context, string) (Sent, bool, error) {
	now := s.sent[0]
	s.sent = s.sent[1:]
	return now, now.Link != "", s.err
}

func (s *countingServer) Gap(context.Context, string) (Gap, bool, error) {
	return Gap{ReadSN: s.read}, true, nil
}

func TestUnused_ProvesOnlyWhatNothingWasSentOf(t *testing.T) {
	const target = 100
	clean := Sent{Link: "1-2", Read: 7}
	with := func(change func(*Sent)) Sent {
		s := clean
		change(&s)
		return s
	}
	for _, test := range []struct {
		name       string
		first, now Sent
		read       int64
		err        error
		want       bool
	}{
		{"nothing was sent", clean, with(func(s *Sent) { s.Read = 9 }), target, nil, true},
		{"the log is not read up to there", clean, clean, target - 1, nil, false},
		{"no connection", Sent{}, clean, target, nil, false},
		{"the connection was lost meanwhile", clean, Sent{}, target, nil, false},
		{"another connection, which begins to count anew", clean, with(func(s *Sent) { s.Link = "3-2" }), target, nil, false},
		{"counts began anew", clean, with(func(s *Sent) { s.Read = 6 }), target, nil, false},
		{"a row was sent before", with(func(s *Sent) { s.Rows, s.Logs = 1, 2 }), clean, target, nil, false},
		{"a row is sent now", clean, with(func(s *Sent) { s.Rows, s.Logs = 1, 2 }), target, nil, false},
		{"rows that are counted otherwise, or DDL", clean, with(func(s *Sent) { s.Logs = 1 }), target, nil, false},
		{"a transaction is half-way", clean, with(func(s *Sent) { s.Open = 1 }), target, nil, false},
		{"the server does not answer", clean, clean, target, errors.New("away"), false},
	} {
		server := &countingServer{sent: []Sent{test.first, test.now}, read: test.read, err: test.err}
		r := Runner{Mesh: mesh(1)}
		if got := r.unused(t.Context(), server, "AKU_REP_01", target); got != test.want {
			t.Errorf("%s: %t", test.name, got)
		}
	}
}
