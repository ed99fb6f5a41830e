package trial

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"aku/e2e/internal/account"
)

// Writer writes to one pod until it is stopped, and connects again whenever the pod was away.
type Writer struct {
	host      string
	progress  board[account.Progress]
	stdin     io.Closer
	complaint bytes.Buffer
	kill      context.CancelFunc
	running   context.Context // ends with the writer; its cause is errEnded or an error
}

// errEnded means that a writer ended because it was asked to.
var errEnded = errors.New("the writer has ended")

// StartWriter starts a writer. Its name can be used once in a space. Its keys begin at from. rate is in
// statements a second, 0 for no limit. The flags are those of the client.
func (s *Space) StartWriter(name string, number int, from int64, rate float64, flags ...string) (*Writer, error) {
	ctx, kill := context.WithCancel(s.context)
	w := &Writer{host: Host(number), kill: kill}
	args := []string{"exec", "--stdin", clientPod, "--", clientProgram, "write",
		"-journal", journals + "/" + name, "-from", strconv.FormatInt(from, 10), "-rate", strconv.FormatFloat(rate, 'f', -1, 64)}
	cmd := s.cluster.command(ctx, "kubectl", s.in(append(append(args, flags...), w.host)...)...)
	cmd.Stderr = &w.complaint
	stdin, err := cmd.StdinPipe()
	if err != nil {
		kill()
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		kill()
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		kill()
		return nil, err
	}
	w.stdin = stdin
	running, ended := context.WithCancelCause(context.Background())
	w.running = running
	s.background.Go(func() {
		lines := json.NewDecoder(stdout)
		for {
			var p account.Progress
			if lines.Decode(&p) != nil {
				break
			}
			w.progress.set(p)
		}
		err := cmd.Wait()
		switch {
		case err != nil:
			ended(fmt.Errorf("the writer on %s ended: %w", w.host, commandError(err, w.complaint.String())))
		case !w.Progress().Done:
			ended(fmt.Errorf("the writer on %s ended without a final line", w.host))
		default:
			ended(errEnded)
		}
	})
	return w, nil
}

// Progress is the writer's latest progress.
func (w *Writer) Progress() account.Progress {
	p, _ := w.progress.get()
	return p
}

// AwaitMore waits until so many more statements are acknowledged.
func (w *Writer) AwaitMore(ctx context.Context, limit time.Duration, more int) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(w.running, func() { cancel(context.Cause(w.running)) })()
	before := w.Progress().Acknowledged()
	what := fmt.Sprintf("%d more acknowledged statements on %s", more, w.host)
	return w.progress.await(ctx, limit, what, func(p account.Progress) string {
		if p.Acknowledged() >= before+more {
			return ""
		}
		return fmt.Sprintf("%d, sessions %d, %s", p.Acknowledged()-before, p.Sessions, p.Refused)
	})
}

// Abandon gives up a writer that cannot be asked to stop, and returns its latest progress.
func (w *Writer) Abandon() account.Progress {
	w.kill()
	<-w.running.Done()
	return w.Progress()
}

// stopLimit bounds the end of a writer. Its last statement and the end of its session may hang, each for a minute.
const stopLimit = 3 * time.Minute

// Stop ends the writer and returns its final progress.
func (w *Writer) Stop(ctx context.Context) (account.Progress, error) {
	defer w.kill()
	_ = w.stdin.Close() // it may have ended already
	select {
	case <-w.running.Done():
		if err := context.Cause(w.running); !errors.Is(err, errEnded) {
			return w.Progress(), err
		}
		return w.Progress(), nil
	case <-time.After(patient(stopLimit)):
		return w.Progress(), inVain(patient(stopLimit), "the writer on "+w.host+" to stop", fmt.Sprintf("%+v", w.Progress()))
	case <-ctx.Done():
		return w.Progress(), context.Cause(ctx)
	}
}
