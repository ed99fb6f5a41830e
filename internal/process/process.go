// Package process is what both programs do at their edge: exit codes, logging and
// the version.
package process

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
)

// The exit codes.
const (
	Done       = 0
	Failed     = 1
	Configured = 2 // the configuration or the command line is wrong
)

// configError is an error of whoever configured or called the program.
type configError struct{ err error }

func (e configError) Error() string { return e.err.Error() }
func (e configError) Unwrap() error { return e.err }

// Misconfigured marks an error as one of the configuration.
func Misconfigured(err error) error { return configError{err} }

// Usage is the error of a command line that is wrong.
func Usage(text string) error { return configError{errors.New(text)} }

// ExitCode reports an error and maps it to the exit code of the process.
func ExitCode(err error) int {
	if err == nil {
		return Done
	}
	fmt.Fprintln(os.Stderr, err)
	var wrong configError
	if errors.As(err, &wrong) {
		return Configured
	}
	return Failed
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
