// Package process has what both programs do at their edge: exit codes, logging and
// the version.
package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"
)

// The exit codes.
const (
	Done    = 0
	Failed  = 1
	Wrong   = 2 // the configuration or the command line is wrong
	MustAct = 3 // a human must act: master or slave failed
)

// exitError is an error with an exit code of its own.
type exitError struct {
	error
	code int
}

func (e exitError) Unwrap() error { return e.error }

// Misconfigured marks an error as one of the configuration.
func Misconfigured(err error) error { return exitError{err, Wrong} }

// Usage is the error of a command line that is wrong.
func Usage(text string) error { return exitError{errors.New(text), Wrong} }

// Human marks an error that only a human can mend.
func Human(err error) error { return exitError{err, MustAct} }

// ExitCode reports an error and maps it to the exit code of the process.
func ExitCode(err error) int {
	if err == nil {
		return Done
	}
	fmt.Fprintln(os.Stderr, err)
	var coded exitError
	if errors.As(err, &coded) {
		return coded.code
	}
	return Failed
}

// endLimit is how long a program may take to end after SIGTERM.
const endLimit = 900 * time.Millisecond

// Context is that of a program: it ends with SIGTERM or SIGINT. Should the program
// then hang in a call into the ODBC driver, the process ends all the same, within
// a second of the signal.
func Context() context.Context {
	ctx, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	context.AfterFunc(ctx, func() {
		time.AfterFunc(endLimit, func() { os.Exit(Failed) })
	})
	return ctx
}

// Logger writes text or json lines.
func Logger(format string, to io.Writer) *slog.Logger {
	if format == "json" {
		return slog.New(slog.NewJSONHandler(to, nil))
	}
	return slog.New(slog.NewTextHandler(to, nil))
}

// version is set when the program is linked.
var version = ""

// Version is that of the release, or of the commit.
func Version() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
	}
	return "unknown"
}
