package hook

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"aku/internal/rundir"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestLimit_IsTheShorterOfWhatIsConfiguredAndWhatThisEndHas(t *testing.T) {
	t.Parallel()
	const configured = 85 * time.Second
	for name, test := range map[string]struct {
		grace  time.Duration
		ending bool
		err    error
		want   time.Duration
	}{
		"as the chart has it":           {90 * time.Second, true, nil, configured},
		"a shorter grace period":        {30 * time.Second, true, nil, 25 * time.Second},
		"hardly any":                    {time.Second, true, nil, time.Second},
		"a longer one":                  {time.Hour, true, nil, configured},
		"only the container is stopped": {0, false, nil, configured},
		"not to be known":               {time.Second, true, errors.New("no answer"), configured},
	} {
		ask := func(ctx context.Context) (time.Duration, bool, error) {
			if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > 2*time.Second {
				t.Errorf("%s: asking may take %s of the end", name, time.Until(deadline))
			}
			return test.grace, test.ending, test.err
		}
		if got, _ := limit(t.Context(), configured, ask, quiet()); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

func TestStill_SaysWhatIsLeftWheneverThatChanges(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	left := []string{"A", "B"}
	s := still{log: slog.New(slog.NewTextHandler(&out, nil)), left: func() []string { return left }}
	s.say()
	s.say()
	left = []string{"B (under way)"}
	s.say()
	left = nil
	s.say()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines, want one for each change:\n%s", len(lines), out.String())
	}
	for i, want := range []string{`left_undone="A; B. Nothing is reset`, `left_undone="B (under way). Nothing`, "left_undone=nothing"} {
		if !strings.Contains(lines[i], want) {
			t.Errorf("line %d is %s, want %s in it", i, lines[i], want)
		}
	}
}

// The umask is that of the process, so this test runs beside no other.
func TestOutput_LogIsForEveryUser(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	dir := rundir.Dir(t.TempDir())
	_, done := Output(dir)
	defer done()
	if info, err := os.Stat(dir.HookLog()); err != nil || info.Mode().Perm() != 0o666 {
		t.Errorf("the next end may be that of another user: %v, %v", info, err)
	}
}

// A container whose output nobody reads any more must not keep its pod from ending.
func TestOutputThatNobodyReads_DelaysALineByLittle_AndTheOthersHaveIt(t *testing.T) {
	t.Parallel()
	dir := rundir.Dir(t.TempDir())
	fifo := filepath.Join(t.TempDir(), "output")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	unread, err := os.OpenFile(fifo, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unread.Close()
	if err := unread.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := unread.Write(make([]byte, 1<<20)); !os.IsTimeout(err) {
		t.Fatalf("the pipe is not full: %v", err)
	}
	file, err := os.Create(dir.HookLog())
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 3 {
			if _, err := (everyWriter{impatient{unread}, file}).Write([]byte("a line\n")); err != nil {
				t.Errorf("a line that reached one of two: %v", err)
			}
		}
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("the end waits for who reads the output")
	}
	if text, err := os.ReadFile(dir.HookLog()); err != nil || strings.Count(string(text), "a line") != 3 {
		t.Errorf("the file has %q, %v", text, err)
	}
}
