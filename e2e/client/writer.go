package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"aku/e2e/internal/account"
)

// writer writes to one host. Nobody else writes its keys.
type writer struct {
	host    string
	journal *account.Journal
	hold    time.Duration // how long each transaction stays open
	next    int64         // key of the next insert
	own     []int64       // keys that certainly exist
	serial  int           // makes each value unique
	random  *rand.Rand

	mu       sync.Mutex
	progress account.Progress
}

func newWriter(host string, from int64, hold time.Duration, journal *account.Journal) *writer {
	return &writer{
		host:     host,
		journal:  journal,
		hold:     hold,
		next:     from,
		random:   rand.New(rand.NewPCG(uint64(from), 0)),
		progress: account.Progress{Host: host},
	}
}

func (w *writer) now() account.Progress {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.progress
}

func (w *writer) note(change func(p *account.Progress)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(&w.progress)
}

// run writes until its context ends. It fails only when it cannot write its journal.
func (w *writer) run(ctx context.Context, pace pace) error {
	for ctx.Err() == nil {
		reaching, cancel := context.WithTimeout(ctx, knockTimeout)
		s, err := connect(reaching, w.host, false)
		cancel()
		if err != nil {
			w.note(func(p *account.Progress) { p.Refused = err.Error() })
			select {
			case <-ctx.Done():
			case <-time.After(againDelay):
			}
			continue
		}
		w.note(func(p *account.Progress) { p.Sessions++; p.Refused = "" })
		err = w.session(ctx, s, pace)
		s.close()
		if err != nil {
			return err
		}
	}
	return nil
}

// session writes until a statement fails. The outcome of that statement counts as unknown, whatever the error
// says.
func (w *writer) session(ctx context.Context, s *session, pace pace) error {
	for pace.wait(ctx) {
		// Inserts and updates take turns, because rows that change during a copy are the hard case.
		change := w.insert
		if w.serial%2 == 1 && len(w.own) > 0 {
			change = w.update
		}
		w.serial++
		failed, err := change(ctx, s)
		if err != nil {
			return err
		}
		if failed != nil {
			w.note(func(p *account.Progress) { p.Unknown++; p.Refused = failed.Error() })
			return nil //nolint:nilerr // a failed statement is noted and the writer goes on
		}
	}
	return nil
}

// insert writes a new row.
func (w *writer) insert(ctx context.Context, s *session) (failed, fault error) {
	key, value := w.next, fmt.Sprintf("new %d", w.serial)
	w.next++
	if err := w.journal.Try(key, value); err != nil {
		return nil, err
	}
	if _, err := s.execHeld(ctx, insert(key, value), w.hold); err != nil {
		return err, nil
	}
	w.own = append(w.own, key)
	w.note(func(p *account.Progress) { p.Inserted++ })
	return nil, w.journal.Acknowledge(key)
}

// update changes an earlier row. A key whose statement failed is not used again, because that statement may
// still take effect later.
func (w *writer) update(ctx context.Context, s *session) (failed, fault error) {
	i := w.random.IntN(len(w.own))
	key, value := w.own[i], fmt.Sprintf("changed %d", w.serial)
	if err := w.journal.Try(key, value); err != nil {
		return nil, err
	}
	changed, err := s.execHeld(ctx, update(key, value), w.hold)
	if err != nil || changed != 1 {
		w.own[i] = w.own[len(w.own)-1]
		w.own = w.own[:len(w.own)-1]
	}
	switch {
	case err != nil:
		return err, nil
	case changed != 1:
		w.note(func(p *account.Progress) { p.Vanished++ })
		return nil, nil
	}
	w.note(func(p *account.Progress) { p.Updated++ })
	return nil, w.journal.Acknowledge(key)
}
