package settings

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aku/internal/akucore"
)

// quotedTable is a table as a list may have it whatever its names are.
func quotedTable(t akucore.Table) string {
	text := `"` + t.User + `"."` + t.Name + `"`
	if t.Partition != "" {
		text += ` PARTITION "` + t.Partition + `"`
	}
	return text
}

// What a list of tables is read as can be written and read again, and each item is either
// a table or a fault.
func FuzzTables(f *testing.F) {
	for _, seed := range []string{
		"SYS.T1", "sys.t1, sys.t2", "U1.T PARTITION P1\nU1.T PARTITION P2", `"a b"."c,d" PARTITION "e""f"`, "SYS.T1,,", "SYS", ".", `"`, `"".""`,
		"SYS.T1 PARTITION", "SYS.T1 partition  P1", "SYS.표", "SYS.T1\r\nSYS.T2", "SYS.ẞ", "\xff.\xfe", "SYS.T1 PARTITION P1 P2",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, list string) {
		tables, faults := parseTables(list)
		if items := splitItems(list); len(tables)+len(faults) != len(items) {
			t.Errorf("%d items are %d tables and %d faults", len(items), len(tables), len(faults))
		}
		for _, table := range tables {
			for _, name := range []string{table.User, table.Name} {
				if name == "" || len(name) > maxTableNameBytes {
					t.Errorf("%q is a name of %+v", name, table)
				}
			}
			again, faults := parseTables(quotedTable(table))
			if len(faults) > 0 || !cmp.Equal(again, []akucore.Table{table}) {
				t.Errorf("%+v is read again as %+v, %v", table, again, faults)
			}
		}
	})
}

// Whatever the variables are, they are settings or faults that name a variable, and no
// fault holds the password.
func FuzzSettings(f *testing.F) {
	for _, seed := range [][3]string{
		{"AKU_SERVER_COUNT", "4", "SYS.T1"}, {"AKU_SERVER_COUNT", "0x4", "SYS.T1"}, {"AKU_PORT_NO", "99999999999999999999", "T1"},
		{"AKU_POD_NAME", "altibase-18446744073709551616", ""}, {"AKU_REPLICATIONS_7_TABLES", "SYS.T1", "SYS.T1"}, {"AKU_REPLICATIONS_x", "\x00", "SYS.T1"},
		{"AKU_REPLICATIONS_0_SYNC_PARALLEL_COUNT", "-1", "SYS.T1"}, {"AKU_QUERY_TIMEOUT", "4294967296", "SYS.T1"}, {"AKU_ODBC_DRIVER", "${HOME", "SYS.T1"},
		{"AKU_REPLICATIONS_1_REPLICATION_NAME_PREFIX", "AKU_REP", "SYS.T1"}, {"AKU_REPLICATIONS_99999999999_TABLES", "X.Y", "SYS.T1"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	const secret = "the-one-secret"
	f.Fuzz(func(t *testing.T, name, value, tables string) {
		env := good()
		env["AKU_REPLICATIONS_0_TABLES"] = tables
		env[name] = value
		env["AKU_SYS_PASSWORD"] = secret
		s, err := From(env)
		if err == nil {
			if mesh := s.Mesh(); mesh.Self < 0 || mesh.Self >= mesh.ServerCount || mesh.ServerCount > MaxServers || len(mesh.Tables()) == 0 {
				t.Errorf("%s=%q is taken as %+v", name, value, mesh)
			}
			return
		}
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the password is in the faults: %v", err)
		}
		if !strings.Contains(err.Error(), "AKU_") {
			t.Errorf("no variable is named: %v", err)
		}
	})
}
