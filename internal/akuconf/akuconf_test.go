package akuconf

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func parseFile(t *testing.T, name string) Config {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	c, err := Parse(string(text))
	if err != nil {
		t.Fatalf("%s:\n%v", name, err)
	}
	return c
}

func TestParse_ReadsEveryForm(t *testing.T) {
	type block struct {
		Prefix, Parallel string
		Tables           []string
	}
	for name, want := range map[string][]block{
		"first.conf": {{"AKU_REP", "1", []string{"SYS.T1", "SYS.T2"}}},
		"bare.conf":  {{"AKU_REP", "", []string{"SYS.T1", "SYS.T2 PARTITION P1", `app."it is"`, "SYS.T3", `SYS.T4 PARTITION "p 2"`}}},
		"blocks.conf": {{"AKU_REP1", "4", []string{"SYS.T1", "SYS.T2"}}, {"AKU_REP2", "1", []string{"SYS.T4", "SYS.T5"}},
			{"AKU_REP3", "", []string{"SYS.T6"}}},
		"list.conf": {{"A", "", []string{"SYS.T1"}}, {"B", "", []string{"SYS.T2"}}},
	} {
		t.Run(name, func(t *testing.T) {
			c := parseFile(t, name)
			var got []block
			for _, r := range c.Replications {
				got = append(got, block{r.Prefix.Value, r.Parallel.Value, r.Tables})
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if strings.Contains(c.Values(), "s3cr3t") {
				t.Error("the values show the password")
			}
		})
	}
}

func TestParse_SaysAllFaultsWithTheirLines(t *testing.T) {
	for text, want := range map[string]string{
		"AKU_PORT_NO = 80\nAKU_SERVER_COUNT = x\n": `line 2: AKU_SERVER_COUNT is "x", it must be a number from 1 to 6
line 1: AKU_PORT_NO is "80", it must be a number from 1024 to 65535
line 1: REPLICATIONS is missing`,
		"AKU_PORT 20300\nAKU_PORTS = 1\nAKU_STS_NAME =\nAKU_SVC_NAME = a\nAKU_SVC_NAME = b\n": `line 1: = is missing behind AKU_PORT
line 2: AKU_PORTS is not a property of aku
line 3: AKU_STS_NAME has no value
line 5: AKU_SVC_NAME is on line 4 already`,
		"REPLICATIONS = (\n  PREFIX = A\n  (\n    T1,\n    (USER_NAME = SYS)\n  )\n)": `line 2: PREFIX is not a property of a replication
line 4: "T1" is not USER.TABLE or USER.TABLE PARTITION P: a dot must follow the user T1
line 5: a table needs USER_NAME and TABLE_NAME`,
		"REPLICATIONS = (\n  REPLICATION_NAME_PREFIX = A\n  ( SYS.T1 PARTITION )\n": `line 3: the name of the partition is missing
line 1: the parenthesis is not closed`,
		"REPLICATIONS = (\n (SYS.T1)\n)\n(\n REPLICATION_NAME_PREFIX = B SYNC_PARALLEL_COUNT = 101 )": `line 1: REPLICATION_NAME_PREFIX is missing in this replication
line 4: this replication has no tables
line 5: SYNC_PARALLEL_COUNT is "101", it must be a number from 1 to 100`,
		"AKU_STS_NAME = \"a\nAKU_SYS_PASSWORD s3cr3t (\n": "line 1: the quote is not closed\nline 2: = is missing behind AKU_SYS_PASSWORD",
	} {
		_, err := Parse(text)
		if err == nil {
			t.Errorf("%q is taken", text)
			continue
		}
		if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Errorf("%q:\n%s", text, diff)
		}
		if strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%q: the error shows the password", text)
		}
	}
}

// No input makes it hang or panic.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.conf")
	if err != nil || len(files) == 0 {
		f.Fatal("no files: ", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse(text)
		if err == nil && len(c.Replications) == 0 {
			t.Error("nothing is replicated, and that is no fault")
		}
	})
}
