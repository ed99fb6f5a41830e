//go:build integration

package conformance

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestMain runs the cases and then lists those that were left out, and why.
func TestMain(m *testing.M) {
	if dsn := os.Getenv(clientDSN); dsn != "" {
		beClient(dsn, os.Getenv(clientStatement))
	}
	flag.Parse()
	if vendor.servers == "" {
		enterNetwork()
	}
	code := m.Run()
	leftOut.print()
	os.Exit(code)
}

func TestConformance(t *testing.T) {
	files, err := Load(Cases())
	if err != nil {
		t.Fatal(err)
	}
	made := Made(files)
	for _, f := range files {
		t.Run(f.Name, func(t *testing.T) {
			target := servers(t)
			all, err := NewCleaner(target, made)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range f.Cases {
				// What cannot hold here is no test: it is listed, and neither passes nor fails.
				if reason := target.Missing(f, c); reason != "" {
					leftOut.add(fmt.Sprintf("%s.txt:%d %s: %s", f.Name, c.Line, c.Name, reason))
					continue
				}
				t.Run(c.Name, func(t *testing.T) { Run(t, &target, f, c, all) })
			}
		})
	}
}

// leftOut are the cases that do not hold on the servers at hand.
var leftOut list

type list struct {
	mu    sync.Mutex
	lines []string
}

func (l *list) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
}

func (l *list) print() {
	if len(l.lines) > 0 {
		slices.Sort(l.lines)
		fmt.Printf("cases left out here: %d\n  %s\n", len(l.lines), strings.Join(l.lines, "\n  "))
	}
}
