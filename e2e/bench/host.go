package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// host gives altisimtest to a program in place of a test. A fault ends the present measurement, and the
// clean-ups end what it started.
type host struct {
	testing.TB // nil: methods that are not defined here are not needed
	dir        string
	dirs       int
	cleanups   []func()
}

// fault ends a measurement.
type fault string

func (f fault) Error() string { return string(f) }

// hosted runs a measurement with its own servers.
func hosted(measure func(*host) error) (err error) {
	dir, err := os.MkdirTemp("", "aku-bench-")
	if err != nil {
		return err
	}
	h := &host{dir: dir}
	defer func() {
		switch f := recover().(type) {
		case nil:
		case fault:
			err = f
		default:
			panic(f)
		}
		for _, clean := range slices.Backward(h.cleanups) {
			clean()
		}
		os.RemoveAll(dir)
	}()
	return measure(h)
}

func (h *host) TempDir() string {
	h.dirs++
	dir := filepath.Join(h.dir, fmt.Sprint(h.dirs))
	if err := os.Mkdir(dir, 0o750); err != nil {
		h.Fatal(err)
	}
	return dir
}

func (h *host) Fatal(args ...any)                 { panic(fault(fmt.Sprint(args...))) }
func (h *host) Fatalf(format string, args ...any) { panic(fault(fmt.Sprintf(format, args...))) }
func (h *host) Cleanup(f func())                  { h.cleanups = append(h.cleanups, f) }
func (h *host) Helper()                           {}
func (h *host) Failed() bool                      { return false }
func (h *host) Logf(string, ...any)               {}
