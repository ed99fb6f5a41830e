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
	"time"
)

// TestMain runs the cases, and then lists those that were left out, with the reason.
func TestMain(m *testing.M) {
	if dsn := os.Getenv(clientDSN); dsn != "" {
		beClient(dsn, os.Getenv(clientStatement))
	}
	flag.Parse()
	if vendor.servers == "" {
		enterNetwork()
	}
	code := m.Run()
	leftOut.print("cases left out here: %d")
	keepRun()
	os.Exit(code)
}

// TestUnseen_CasesHoldAsSupposed runs the cases that the product needs and that nobody has seen on a real
// server. They come first, and their outcome is printed. On a vendor's server, another outcome is news, not a
// failure.
func TestUnseen_CasesHoldAsSupposed(t *testing.T) {
	var news list
	t.Cleanup(func() {
		news.print("not yet seen on a real server, here: %d")
	})
	each(t, true, func(t *testing.T, target *Target, f File, c Case, all Cleaner) {
		var wrong []string
		err := Run(func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }, target, f, c, all.Clean)
		if err != nil {
			t.Error(err)
		}
		line := fmt.Sprintf("%s.txt:%d %s (needed: %s)", f.Name, c.Line, c.Name, c.Unseen)
		switch {
		case len(wrong) == 0:
			news.add("as supposed  " + line)
			return
		case target.Kind == "altisim":
			t.Error(strings.Join(wrong, "\n"))
		}
		news.add("OTHERWISE    " + line + "\n    " + strings.ReplaceAll(strings.Join(wrong, "\n"), "\n", "\n    "))
	})
}

func TestConformance_ServersBehaveAsWasSeen(t *testing.T) {
	each(t, false, func(t *testing.T, target *Target, f File, c Case, all Cleaner) {
		if err := Run(t.Errorf, target, f, c, all.Clean); err != nil {
			t.Error(err)
		}
	})
}

// longest is more than any case takes on stand-ins. The drivers hang with a server that does not answer.
const longest = 5 * time.Minute

// each calls run for every case that was seen, or for every unseen one, in a test of the case's name.
func each(t *testing.T, unseen bool, run func(*testing.T, *Target, File, Case, Cleaner)) {
	files, err := Load(Cases())
	if err != nil {
		t.Fatal(err)
	}
	made := Made(files)
	for _, f := range files {
		if !slices.ContainsFunc(f.Cases, func(c Case) bool { return (c.Unseen != "") == unseen }) {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			target := servers(t, f)
			askVersion(t, &target)
			all, err := NewCleaner(target, made)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range f.Cases {
				if (c.Unseen != "") != unseen {
					continue
				}
				// A case that cannot run here is listed. It neither passes nor fails.
				if reason := target.Missing(f, c); reason != "" {
					leftOut.add(fmt.Sprintf("%s.txt:%d %s: %s", f.Name, c.Line, c.Name, reason))
					continue
				}
				t.Run(c.Name, func(t *testing.T) {
					if !unseen {
						outcomes.Watch(t)
					}
					defer time.AfterFunc(longest, target.abort).Stop()
					run(t, &target, f, c, all)
				})
			}
		})
	}
}

// leftOut are the cases that cannot run on these servers.
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

func (l *list) print(title string) {
	if len(l.lines) > 0 {
		slices.Sort(l.lines)
		fmt.Printf(title+"\n  %s\n", len(l.lines), strings.Join(l.lines, "\n  "))
	}
}
