package account

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCompare_FindsEveryKindOfLoss(t *testing.T) {
	tests := []struct {
		name    string
		journal string
		rows    map[int64]string
		want    Verdict
	}{
		{
			name:    "everything is there",
			journal: "try 1 a\nack 1\ntry 1 b\nack 1\ntry 2 c\nack 2\n",
			rows:    map[int64]string{1: "b", 2: "c"},
			want:    Verdict{Rows: 2, Acknowledged: 2},
		},
		{
			name:    "an acknowledged insert is gone",
			journal: "try 1 a\nack 1\n",
			want:    Verdict{Acknowledged: 1, Missing: 1, Examples: []string{`key 1 is missing, acknowledged was "a"`}},
		},
		{
			name:    "an acknowledged update is gone",
			journal: "try 1 a\nack 1\ntry 1 b\nack 1\n",
			rows:    map[int64]string{1: "a"},
			want:    Verdict{Rows: 1, Acknowledged: 1, Stale: 1, Examples: []string{`key 1 has "a", acknowledged was "b"`}},
		},
		{
			name:    "an update of unknown outcome was done",
			journal: "try 1 a\nack 1\ntry 1 b\n",
			rows:    map[int64]string{1: "b"},
			want:    Verdict{Rows: 1, Acknowledged: 1, Undecided: 1},
		},
		{
			name:    "an update of unknown outcome was not done",
			journal: "try 1 a\nack 1\ntry 1 b\n",
			rows:    map[int64]string{1: "a"},
			want:    Verdict{Rows: 1, Acknowledged: 1, Undecided: 1},
		},
		{
			name:    "an update of unknown outcome does not excuse a lost insert",
			journal: "try 1 a\nack 1\ntry 1 b\n",
			want:    Verdict{Acknowledged: 1, Undecided: 1, Missing: 1, Examples: []string{`key 1 is missing, acknowledged was "a"`}},
		},
		{
			name:    "an insert of unknown outcome may be absent",
			journal: "try 1 a\n",
			want:    Verdict{Undecided: 1},
		},
		{
			name:    "an insert of unknown outcome may be there",
			journal: "try 1 a\n",
			rows:    map[int64]string{1: "a"},
			want:    Verdict{Rows: 1, Undecided: 1},
		},
		{
			name:    "a row that nobody wrote",
			journal: "try 1 a\nack 1\n",
			rows:    map[int64]string{1: "a", 7: "x"},
			want:    Verdict{Rows: 2, Acknowledged: 1, Extra: 1, Examples: []string{`key 7 has "x", which nobody wrote`}},
		},
		{
			name:    "a journal that was cut in the middle of a line",
			journal: "try 1 a\nack 1\ntry 2 incompl",
			rows:    map[int64]string{1: "a"},
			want:    Verdict{Rows: 1, Acknowledged: 1},
		},
		{
			name:    "a value with spaces",
			journal: "try 1 a b c\nack 1\n",
			rows:    map[int64]string{1: "a b c"},
			want:    Verdict{Rows: 1, Acknowledged: 1},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "journal")
			if err := os.WriteFile(path, []byte(test.journal), 0o600); err != nil {
				t.Fatal(err)
			}
			account := Account{}
			if err := account.Load(path); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, account.Compare("", test.rows)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestJournal_HoldsWhatTheWriterNoted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	journal, err := CreateJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		journal.Try(1, "a"), journal.Acknowledge(1), journal.Try(2, "b"), journal.Try(3, "c"),
		journal.Acknowledge(2, 3), journal.Try(1, "d"), journal.Close(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	got := Account{}
	if err := got.Load(path); err != nil {
		t.Fatal(err)
	}
	want := Account{1: {Acknowledged: "a", Tried: []string{"d"}}, 2: {Acknowledged: "b"}, 3: {Acknowledged: "c"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := CreateJournal(path); err == nil || !strings.Contains(err.Error(), "exists") {
		t.Errorf("a second writer got the same journal: %v", err)
	}
}

func TestLoad_RefusesWhatIsNoJournal(t *testing.T) {
	for _, text := range []string{"ack 1\n", "try x a\n", "did 1 a\n"} {
		path := filepath.Join(t.TempDir(), "journal")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := (Account{}).Load(path); err == nil {
			t.Errorf("%q was taken for a journal", text)
		}
	}
}

func TestCopies_AreTheSameOnlyWithTheSameRows(t *testing.T) {
	one := CopyOf("a", map[int64]string{1: "x", 2: "y"})
	tests := []struct {
		name string
		rows map[int64]string
		same bool
	}{
		{"same rows", map[int64]string{2: "y", 1: "x"}, true},
		{"another value", map[int64]string{1: "x", 2: "z"}, false},
		{"values exchanged", map[int64]string{1: "y", 2: "x"}, false},
		{"a row less", map[int64]string{1: "x"}, false},
	}
	for _, test := range tests {
		if got := one.Same(CopyOf("b", test.rows)); got != test.same {
			t.Errorf("%s: Same = %v", test.name, got)
		}
	}
}
