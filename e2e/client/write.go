package main

import (
	"context"
	"io"
	"os"
	"time"

	"aku/e2e/internal/account"
)

const (
	tellInterval = 250 * time.Millisecond // between two lines of progress
	againDelay   = 50 * time.Millisecond  // between two tries to connect
)

func write(ctx context.Context, args []string) error {
	flags := newFlags("write")
	path := flags.String("journal", "", "new file that notes what was acknowledged")
	from := flags.Int64("from", 1, "first key; the writer takes as many as it needs")
	rate := flags.Float64("rate", 0, "statements a second, 0 for as many as possible")
	hold := flags.Duration("hold", 0, "how long each transaction stays open")
	args, err := parse(flags, args, 1, 1)
	if err != nil {
		return err
	}
	journal, err := account.CreateJournal(*path)
	if err != nil {
		return err
	}
	defer func() { _ = journal.Close() }()

	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	w := newWriter(args[0], *from, *hold, journal)
	told := make(chan error, 1)
	telling, silence := context.WithCancel(context.Background())
	go func() { told <- tell(telling, w) }()
	err = w.run(ctx, newPace(*rate))
	silence()
	if told := <-told; err == nil {
		err = told
	}
	if err != nil {
		return err
	}
	last := w.now()
	last.Done = true
	return printJSON(last)
}

// tell prints the writer's progress now and then.
func tell(ctx context.Context, w *writer) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(tellInterval):
			if err := printJSON(w.now()); err != nil {
				return err
			}
		}
	}
}

// pace limits a writer to its rate.
type pace struct{ tick <-chan time.Time }

func newPace(rate float64) pace {
	if rate <= 0 {
		return pace{}
	}
	return pace{time.Tick(time.Duration(float64(time.Second) / rate))}
}

// wait waits for the next turn, and reports whether to go on.
func (p pace) wait(ctx context.Context) bool {
	if p.tick == nil {
		return ctx.Err() == nil
	}
	select {
	case <-ctx.Done():
		return false
	case <-p.tick:
		return ctx.Err() == nil
	}
}
