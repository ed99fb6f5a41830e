package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// host is what altisimtest asks of a test, for a program: a fault ends the
// measurement at hand, and what was started ends with it.
type host struct {
	testing.TB // not there: a method that is missing here is not needed
	dir        string
	dirs       int
	cleanups   []func()
}

// fault is what ends a measurement.
type fault string

func (f fault) Error() string { return string(f) }

// hosted measures something with servers of its own.
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
