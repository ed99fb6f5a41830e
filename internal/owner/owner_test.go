package owner

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var (
	self   = Pod{"db", "altibase", "altibase-0", "new"}
	before = Pod{"db", "altibase", "altibase-0", "old"}
	other  = Pod{"elsewhere", "altibase", "altibase-0", "far"}
)

func claim(pod Pod, files ...string) *Claim {
	return &Claim{Files: files, Self: pod, Log: slog.New(slog.DiscardHandler)}
}

// left is a folder with the file of an owner; "" for none.
func left(t *testing.T, records ...record) (files []string) {
	t.Helper()
	dir := t.TempDir()
	for i, r := range records {
		path := filepath.Join(dir, ".aku-owner-"+string(rune('a'+i)))
		if r != (record{}) {
			if err := r.create(path); err != nil {
				t.Fatal(err)
			}
		}
		files = append(files, path)
	}
	return files
}

func mustSay(t *testing.T, path string, want record) {
	t.Helper()
	if got, err := read(path); err != nil || got != want {
		t.Errorf("%s says %+v (%v), want %+v", filepath.Base(path), got, err, want)
	}
}

func TestTake_DecidesByTheRecordItFinds(t *testing.T) {
	for _, test := range []struct {
		name  string
		found record
		after time.Duration // until it is taken
		held  bool
	}{
		{"no file: a new volume, or one from before there were any", record{}, 0, false},
		{"its own, after a restart of the node", record{Pod: self, Beats: 7}, 0, false},
		{"an earlier life that ended in good order", record{Pod: before, Beats: 7, Released: true}, 0, false},
		{"another pod that ended in good order", record{Pod: other, Beats: 7, Released: true}, 0, false},
		{"an earlier life that did not", record{Pod: before, Beats: 7}, StandStill, false},
		{"a pod of another namespace", record{Pod: other, Beats: 7}, 0, true},
		{"another pod of the set", record{Pod: Pod{"db", "altibase", "altibase-1", "x"}}, 0, true},
		{"the pod of another set", record{Pod: Pod{"db", "old", "altibase-0", "x"}}, 0, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				files, began := left(t, test.found), time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), Limit)
				defer cancel()
				err := claim(self, files...).Take(ctx)
				if test.held {
					if !errors.Is(err, ErrHeld) || !strings.Contains(err.Error(), test.found.String()) || !strings.Contains(err.Error(), files[0]) {
						t.Errorf("it does not say who has it: %v", err)
					}
					mustSay(t, files[0], test.found)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				mustSay(t, files[0], record{Pod: self})
				if took := time.Since(began) - settle; took < test.after || took > test.after+recheck {
					t.Errorf("it took %s, want %s", took, test.after)
				}
			})
		})
	}
}

func TestTake_EarlierLifeThatStillRuns_IsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := left(t, record{Pod: before})
		const lives = time.Minute
		running := claim(before, files...)
		go func() {
			for began := time.Now(); time.Since(began) < lives; time.Sleep(Every) {
				if err := running.Keep(); err != nil {
					t.Error(err)
				}
			}
		}()
		ctx, cancel := context.WithTimeout(t.Context(), lives-time.Second)
		defer cancel()
		if err := claim(self, files...).Take(ctx); !errors.Is(err, ErrHeld) || !strings.Contains(err.Error(), "it still runs") {
			t.Errorf("got %v", err)
		}
		began := time.Now()
		if err := claim(self, files...).Take(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < StandStill-Every {
			t.Errorf("taken after %s, when it may still have run", took)
		}
		if err := running.Keep(); !errors.Is(err, ErrHeld) || !strings.Contains(err.Error(), "End one of the two") {
			t.Errorf("the earlier life comes back to a folder that was taken, and says %v", err)
		}
		mustSay(t, files[0], record{Pod: self})
	})
}

func TestTake_OneOfSeveralFoldersIsHeld_NoneIsTaken(t *testing.T) {
	files := left(t, record{Pod: other, Released: true}, record{Pod: other, Beats: 3})
	if err := claim(self, files...).Take(t.Context()); !errors.Is(err, ErrHeld) {
		t.Errorf("got %v", err)
	}
	mustSay(t, files[0], record{Pod: other, Released: true})
	mustSay(t, files[1], record{Pod: other, Beats: 3})
}

func TestTake_TwoAtTheSameTime_OneHasIt(t *testing.T) {
	for _, found := range []record{{}, {Pod: before, Released: true}} {
		synctest.Test(t, func(t *testing.T) {
			files := left(t, found)
			results := make(chan error, 2)
			for _, pod := range []Pod{self, other} {
				go func() { results <- claim(pod, files...).Take(t.Context()) }()
			}
			first, second := <-results, <-results
			if (first == nil) == (second == nil) || !errors.Is(errors.Join(first, second), ErrHeld) {
				t.Errorf("%v and %v", first, second)
			}
		})
	}
}

func TestTake_FileWithoutARecord_IsTakenWhenItStandsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files, began := left(t, record{}), time.Now()
		if err := os.WriteFile(files[0], nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := claim(self, files...).Take(t.Context()); err != nil {
			t.Fatal(err)
		}
		if time.Since(began) < StandStill {
			t.Error("somebody may have been about to write it")
		}
		mustSay(t, files[0], record{Pod: self})
	})
}

// askedContext counts how often it is asked.
type askedContext struct {
	context.Context
	asked atomic.Int64
}

func (c *askedContext) Err() error {
	c.asked.Add(1)
	return c.Context.Err()
}

func (c *askedContext) Done() <-chan struct{} {
	c.asked.Add(1)
	return c.Context.Done()
}

func (c *askedContext) Value(key any) any {
	c.asked.Add(1)
	return c.Context.Value(key)
}

func TestTake_FileThatIsThereAndCannotBeSeen_IsTriedAgainUntilTimeIsOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), ".aku-owner")
	// As one whose absence a network file system still remembers.
	if err := os.Symlink("nowhere", path); err != nil {
		t.Fatal(err)
	}
	// Not in a bubble: who tries again at once would never let its time pass.
	limited, cancel := context.WithTimeout(t.Context(), recheck/10)
	defer cancel()
	ctx := askedContext{Context: limited}
	err := claim(self, path).Take(&ctx)
	// A pause asks a few times whether the time is over.
	if asked := ctx.asked.Load(); asked > 20 {
		t.Errorf("there is no pause between two tries: it asked %d times whether its time is over", asked)
	}
	if !errors.Is(err, ErrHeld) || !strings.Contains(err.Error(), "just taking "+path) {
		t.Errorf("it does not say what it waited for: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := claim(self, path).Take(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestTake_FolderThatCannotBeWritten_IsNotUsed(t *testing.T) {
	err := claim(self, filepath.Join(t.TempDir(), "none", "file")).Take(t.Context())
	if err == nil || !strings.Contains(err.Error(), "so it is not used") {
		t.Errorf("got %v", err)
	}
}

func TestKeep_MovesTheNumber_AndBringsALostFileBack(t *testing.T) {
	files := left(t, record{Pod: self})
	c := claim(self, files...)
	for beats := int64(1); beats < 3; beats++ {
		if err := c.Keep(); err != nil {
			t.Fatal(err)
		}
		mustSay(t, files[0], record{Pod: self, Beats: beats})
	}
	if err := os.Remove(files[0]); err != nil {
		t.Fatal(err)
	}
	if err := c.Keep(); err != nil {
		t.Fatal(err)
	}
	mustSay(t, files[0], record{Pod: self, Beats: 3})
}

func TestRelease_IsOfTheOwnFilesOnly(t *testing.T) {
	files := left(t, record{Pod: self}, record{Pod: other, Beats: 3}, record{})
	if err := claim(self, files...).Release(); err != nil {
		t.Fatal(err)
	}
	mustSay(t, files[0], record{Pod: self, Released: true})
	mustSay(t, files[1], record{Pod: other, Beats: 3})
	if _, err := read(files[2]); !missing(err) {
		t.Errorf("a file was made: %v", err)
	}
}

func TestCreate_LeavesTheFileOfAnotherAsItIs(t *testing.T) {
	files := left(t, record{Pod: other, Beats: 3})
	if err := (record{Pod: self}).create(files[0]); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v", err)
	}
	mustSay(t, files[0], record{Pod: other, Beats: 3})
}

func TestRecord_IsOneLineOfTheSameLength(t *testing.T) {
	long := strings.Repeat("n", 63)
	for _, r := range []record{{Pod: self}, {Pod: Pod{long, long, long + "-5", "0123abcd-0123-0123-0123-0123456789ab"}, Beats: 1 << 62, Released: true}} {
		text, err := r.encode()
		if err != nil || len(text) != recordBytes || strings.Count(string(text), "\n") != 1 {
			t.Errorf("%d bytes, %v: %q", len(text), err, text)
		}
	}
}
