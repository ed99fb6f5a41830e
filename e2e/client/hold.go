package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"aku/internal/altibase"
)

// hold runs statements in one transaction, says so, and rolls it back when standard input or the process ends.
func hold(ctx context.Context, args []string) error { return holdUntil(ctx, os.Stdin, args) }

func holdUntil(ctx context.Context, ends io.Reader, args []string) error {
	args, err := parse(newFlags("hold"), args, 2, -1)
	if err != nil {
		return err
	}
	s, err := connect(ctx, args[0], false)
	if err != nil {
		return err
	}
	defer s.close()
	tx, err := s.conn.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return err
	}
	for _, statement := range args[1:] {
		err := within(answerTimeout, func() error {
			_, err := tx.ExecContext(context.WithoutCancel(ctx), statement)
			return err
		})
		if err != nil {
			return fmt.Errorf("%s on %s: %w", statement, args[0], altibase.Classify(err))
		}
	}
	if err := printJSON(map[string]bool{"held": true}); err != nil {
		return err
	}
	released := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, ends)
		close(released)
	}()
	select {
	case <-ctx.Done():
	case <-released:
	}
	return tx.Rollback()
}
