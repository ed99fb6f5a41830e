package settings

import (
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aku/internal/akucore"
)

// good is a complete environment.
func good() map[string]string {
	return map[string]string{
		"AKU_STS_NAME":     "altibase",
		"AKU_SVC_NAME":     "altibase-svc",
		"AKU_POD_NAME":     "altibase-1",
		"AKU_SYS_PASSWORD": "manager",
		"AKU_REPLICATIONS_0_REPLICATION_NAME_PREFIX": "AKU_REP",
		"AKU_REPLICATIONS_0_TABLES":                  "SYS.T1",
	}
}

// set makes exactly these variables the AKU_ environment of the test.
func set(t *testing.T, env map[string]string) {
	t.Helper()
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AKU_") {
			t.Setenv(name, "") // so that it is put back
			os.Unsetenv(name)
		}
	}
	for name, value := range env {
		t.Setenv(name, value)
	}
}

func TestRead_FillsInTheDefaults(t *testing.T) {
	set(t, good())
	t.Setenv("ALTIBASE_HOME", "/home/altibase")
	s, err := Read()
	if err != nil {
		t.Fatal(err)
	}
	want := akucore.Mesh{
		StatefulSet: "altibase", Service: "altibase-svc", Self: 1, ServerCount: 4, ReplicationPort: 20301, ReceiverLockTimeout: time.Hour,
		Blocks: []akucore.Block{{Prefix: "AKU_REP", Parallel: 1, Tables: []akucore.Table{{User: "SYS", Name: "T1"}}}},
	}
	if diff := cmp.Diff(want, s.Mesh()); diff != "" {
		t.Errorf("mesh (-want +got):\n%s", diff)
	}
	if want := "/home/altibase/lib/libaltibase_odbc-64bit-ul64.so"; s.ODBCDriver != want {
		t.Errorf("driver %q, want %q", s.ODBCDriver, want)
	}
	if host := s.Mesh().Host(2); host != "altibase-2.altibase-svc" {
		t.Errorf("host %q", host)
	}
}

// blocks are so many blocks for so many servers.
func blocks(n int, servers string) map[string]string {
	set := map[string]string{"AKU_SERVER_COUNT": servers}
	for i := range n {
		set[fmt.Sprintf("AKU_REPLICATIONS_%d_REPLICATION_NAME_PREFIX", i)] = fmt.Sprintf("B%d", i)
		set[fmt.Sprintf("AKU_REPLICATIONS_%d_TABLES", i)] = fmt.Sprintf("SYS.T%d", i)
	}
	return set
}

func TestRead_TakesAsManyObjectsAsAServer(t *testing.T) {
	for servers, n := range map[string]int{"6": 6, "5": 8, "2": 32} {
		env := good()
		maps.Copy(env, blocks(n, servers))
		set(t, env)
		if _, err := Read(); err != nil {
			t.Errorf("%d blocks of %s servers: %v", n, servers, err)
		}
	}
}

func TestRead_NamesAllFaultsAndNoMore(t *testing.T) {
	tests := []struct {
		name   string
		change map[string]string // "" unsets
		want   []string          // all of them, and no more
	}{
		{"all that is required is missing", map[string]string{
			"AKU_STS_NAME": "", "AKU_SVC_NAME": "", "AKU_SYS_PASSWORD": "",
			"AKU_REPLICATIONS_0_REPLICATION_NAME_PREFIX": "", "AKU_REPLICATIONS_0_TABLES": "",
		}, []string{
			"Property [AKU_STS_NAME] should be specified by configuration.",
			"Property [AKU_SVC_NAME] should be specified by configuration.",
			"Property [AKU_SYS_PASSWORD] should be specified by configuration.",
			"Property [AKU_REPLICATIONS_0_REPLICATION_NAME_PREFIX] should be specified by configuration.",
			"Property [AKU_REPLICATIONS_0_TABLES] should be specified by configuration.",
		}},
		{"ports", map[string]string{"AKU_PORT_NO": "1023", "AKU_REPLICATION_PORT_NO": "65536"},
			[]string{"AKU_PORT_NO is 1023, it must be 1024 to 65535", "AKU_REPLICATION_PORT_NO is 65536, it must be 1024 to 65535"}},
		{"one port for both", map[string]string{"AKU_PORT_NO": "20301"}, []string{"are both 20301"}},
		{"server count 0", map[string]string{"AKU_SERVER_COUNT": "0"}, []string{"AKU_SERVER_COUNT is 0, it must be 1 to 6"}},
		{"server count 7", map[string]string{"AKU_SERVER_COUNT": "7"}, []string{"AKU_SERVER_COUNT is 7, it must be 1 to 6"}},
		{"pod number too high", map[string]string{"AKU_POD_NAME": "altibase-4"}, []string{`"altibase-4", but AKU_SERVER_COUNT 4 allows only the pod numbers 0 to 3`}},
		{"pod of another set", map[string]string{"AKU_POD_NAME": "web-0"}, []string{`"web-0", it must be altibase-N`}},
		{"prefix too long", map[string]string{"AKU_REPLICATIONS_0_REPLICATION_NAME_PREFIX": strings.Repeat("P", 38)}, []string{"38 bytes long, at most 37"}},
		{"prefix is no name", map[string]string{"AKU_REPLICATIONS_0_REPLICATION_NAME_PREFIX": "A-B"}, []string{`"A-B", it must be letters`}},
		{"parallel 0", map[string]string{"AKU_REPLICATIONS_0_SYNC_PARALLEL_COUNT": "0"}, []string{"SYNC_PARALLEL_COUNT is 0, it must be 1 to 100"}},
		{"parallel 101", map[string]string{"AKU_REPLICATIONS_0_SYNC_PARALLEL_COUNT": "101"}, []string{"SYNC_PARALLEL_COUNT is 101, it must be 1 to 100"}},
		{"a list of no tables", map[string]string{"AKU_REPLICATIONS_0_TABLES": " ,\n"}, []string{"Property [AKU_REPLICATIONS_0_TABLES] should be specified by configuration."}},
		{"table without user", map[string]string{"AKU_REPLICATIONS_0_TABLES": "T1"}, []string{`"T1" is not USER.TABLE`}},
		{"table in two blocks", map[string]string{
			"AKU_REPLICATIONS_1_REPLICATION_NAME_PREFIX": "B", "AKU_REPLICATIONS_1_TABLES": "sys.t1",
		}, []string{"AKU_REPLICATIONS_1_TABLES: SYS.T1 is listed in AKU_REPLICATIONS_0 already"}},
		{"a table of aku's own", map[string]string{
			"AKU_REPLICATIONS_0_TABLES": "SYS.T1,SYS.B_BEAT", "AKU_REPLICATIONS_1_REPLICATION_NAME_PREFIX": "b", "AKU_REPLICATIONS_1_TABLES": "SYS.T2",
		}, []string{"AKU_REPLICATIONS_0_TABLES: SYS.B_BEAT is aku's own table, which is replicated anyway: take it out of the list"}},
		{"prefix in two blocks", map[string]string{
			"AKU_REPLICATIONS_1_REPLICATION_NAME_PREFIX": "aku_rep", "AKU_REPLICATIONS_1_TABLES": "SYS.T2",
		}, []string{`"aku_rep" is that of AKU_REPLICATIONS_0 already`}},
		{"a gap in the blocks", map[string]string{"AKU_REPLICATIONS_2_TABLES": "SYS.T2"}, []string{"AKU_REPLICATIONS_2_… is set, but AKU_REPLICATIONS_1_… is not"}},
		{"host too long", map[string]string{"AKU_STS_NAME": strings.Repeat("s", 40), "AKU_SVC_NAME": strings.Repeat("v", 20), "AKU_POD_NAME": strings.Repeat("s", 40) + "-0"},
			[]string{"63 bytes long, at most 62"}},
		{"name too long for DNS", map[string]string{"AKU_SVC_NAME": strings.Repeat("v", 64)}, []string{"AKU_SVC_NAME is 64 bytes long, at most 63", "at most 62"}},
		{"no numbers", map[string]string{"AKU_PORT_NO": "http", "AKU_REPLICATIONS_0_SYNC_PARALLEL_COUNT": "many"},
			[]string{`AKU_PORT_NO is "http", it must be a number`, `AKU_REPLICATIONS_0_SYNC_PARALLEL_COUNT is "many", it must be a number`}},
		{"end too short", map[string]string{"AKU_END_TIMEOUT": "3"}, []string{"AKU_END_TIMEOUT is 3"}},
		{"passwords", map[string]string{"AKU_SYS_PASSWORD": strings.Repeat("p", 41), "AKU_SYS_INITIAL_PASSWORD": "p'w"}, []string{
			"AKU_SYS_PASSWORD is not a valid password: it is 41 bytes long, and the server takes at most 40",
			"AKU_SYS_INITIAL_PASSWORD is not a valid password: it has a single or double quote",
		}},
		{"more objects than a server takes", blocks(7, "6"), []string{
			"7 blocks of AKU_REPLICATIONS and AKU_SERVER_COUNT 6 make 35 replication objects on each server, which takes 32: put the tables into fewer blocks or lower AKU_SERVER_COUNT",
		}},
		{"quoting", map[string]string{"AKU_ODBC_QUOTE": "single"}, []string{`AKU_ODBC_QUOTE is "single"`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			env := good()
			for name, value := range test.change {
				if env[name] = value; value == "" {
					delete(env, name)
				}
			}
			set(t, env)
			_, err := Read()
			if err == nil {
				t.Fatal("no fault was found")
			}
			got := strings.Split(err.Error(), "\n")
			if len(got) != len(test.want) {
				t.Errorf("%d faults, want %d:\n%s", len(got), len(test.want), err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in:\n%s", want, err)
				}
			}
		})
	}
}

func TestReadMesh_NeedsNoPod(t *testing.T) {
	set(t, good())
	t.Setenv("AKU_POD_NAME", "somewhere-else")
	if _, err := Read(); err == nil {
		t.Error("the settings of a pod do not need a pod")
	}
	s, err := ReadMesh()
	if err != nil {
		t.Fatal(err)
	}
	if self := s.Mesh().Self; self != akucore.Outside {
		t.Errorf("pod number %d outside of all pods", self)
	}
	t.Setenv("AKU_POD_NAME", "altibase-1")
	if s, err = ReadMesh(); err != nil || s.Mesh().Self != 1 {
		t.Errorf("within pod 1: pod number %d, %v", s.Mesh().Self, err)
	}
}

func TestParseTables_FoldsNamesUnlessQuoted(t *testing.T) {
	got, faults := parseTables("sys.t1, U1.\"Mixed, case\"\nSYS.T2 partition p1,\n\"u\".T3 PARTITION \"p 2\"")
	want := []akucore.Table{
		{User: "SYS", Name: "T1"}, {User: "U1", Name: "Mixed, case"},
		{User: "SYS", Name: "T2", Partition: "P1"}, {User: "u", Name: "T3", Partition: "p 2"},
	}
	if diff := cmp.Diff(want, got); diff != "" || len(faults) > 0 {
		t.Errorf("faults %v (-want +got):\n%s", faults, diff)
	}
	for _, wrong := range []string{"T1", "SYS.", ".T1", "SYS.T1 T2", "SYS.T1 PARTITION", `SYS."T1`, `SYS."it's"`, "SYS." + strings.Repeat("X", 129), "A.B.C", "S-Y.T"} {
		if _, faults := parseTables(wrong); len(faults) != 1 {
			t.Errorf("%q: faults %v, want one", wrong, faults)
		}
	}
}
