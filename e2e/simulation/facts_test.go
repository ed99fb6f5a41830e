package simulation

import (
	"os"
	"strings"
	"testing"

	"aku/e2e/conformance"
)

// noCase are the facts that no case holds the model to, and why. The model need not have what the rules neither
// say nor read. Where it differs, see differs.
var noCase = []struct{ why, facts string }{
	{"its servers have the views and properties that the rules use, and no others", "properties-default property-limits properties-not-kept port-0 " +
		"view-columns catalog-items catalog-hosts instance-start sent-columns sent-zero sent-open sent-ddl sent-anew memory-sends-commits"},
	{"its users have no names and passwords, and come from nowhere", "login-refused login-order sysdba-remote sysdba-loopback admin-mode-open-sessions " +
		"password-case password-signs password-refused password-properties not-sys other-user"},
	{"how a server ends is a kill or a SHUTDOWN", "sigterm-unclean"},
	{"limits are those of its programs, whose end cuts a SYNC: outlive", "query-timeout-scope sync-cut-timeout sync-cut-client"},
	{"its tables always exist, have a key and no partitions, and their names are plain", "create-no-primary-key create-not-found drop-table-replicated drop-table-free " +
		"names-folded name-length host-length quoted-items partitions sync-table-unknown sync-table-units sync-table-partition"},
	{"its tables keep their columns", "start-column-left-out ddl-enable-0 ddl-never ddl-always ddl-level-0 ddl-level-1 ddl-index-live ddl-live ddl-live-stall ddl-stopped ddl-default-diverges " +
		"ddl-no-default ddl-one-server ddl-modify-blocks quickstart ddl-sync ddl-sync-refused ddl-sync-refuses-users ddl-sync-third-pair beat-ddl"},
	{"it always may truncate", "truncate-refused truncate-session"},
	{"its objects have one host", "hosts-alter hosts-last"},
	{"aku does not say it", "sync-only conflict-master conflict-timestamp flush-all-chases"},
	{"its SYNC copies few rows", "sync-large"},
	{"it locks tables, so who waits for rows cannot wait in a circle", "deadlock-local deadlock-across"},
	{"it differs", "start-sender-address flush-takes-6s flush-at-once flush-under-writes row-lock-gives-up table-lock-start beat-moves-xsn add-table-started"},
	{"it is of ODBC and of texts", "odbc-native odbc-cancel odbc-types odbc-empty odbc-semicolon odbc-killed odbc-bytes duplicate-alias text-utf8 text-utf8-names text-national session-property"},
	{"it has rows, not the statements of verify", "verify-alias verify-catalogue verify-pages verify-names verify-keys verify-binary"},
}

// checkFacts compares the facts that cases hold the model to with those that cases state: the others are in
// the list above.
func checkFacts(t *testing.T, held map[string]bool) {
	t.Helper()
	facts, err := conformance.Facts(os.DirFS("../conformance"), "facts.txt")
	if err != nil {
		t.Fatal(err)
	}
	open := map[string]string{}
	for _, n := range noCase {
		for name := range strings.FieldsSeq(n.facts) {
			if open[name] != "" {
				t.Errorf("the fact %s is listed twice", name)
			}
			open[name] = n.why
		}
	}
	for _, f := range facts {
		switch why := open[f.Name]; {
		case f.NotStated != "":
			continue
		case !held[f.Name] && why == "":
			t.Errorf("no case holds the model to the fact %s: have one expressed, or say why not (noCase)", f.Name)
		case held[f.Name] && why != "":
			t.Errorf("a case holds the model to the fact %s, of which noCase says: %s", f.Name, why)
		}
		delete(open, f.Name)
	}
	for name := range open {
		t.Errorf("noCase has %s, which no case states", name)
	}
}
