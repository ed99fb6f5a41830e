package akuconf

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

const smallest = "AKU_SYS_PASSWORD = s3cr3t\nREPLICATIONS = ( REPLICATION_NAME_PREFIX = AKU_REP\n ( SYS.T1 ) )\n"

// eucKR is a name of two Korean letters in EUC-KR.
const eucKR = "\xb0\xed\xb0\xb4"

func inUTF16(text string, order binary.AppendByteOrder, mark bool) []byte {
	var file []byte
	if mark {
		text = "\ufeff" + text
	}
	for _, unit := range utf16.Encode([]rune(text)) {
		file = order.AppendUint16(file, unit)
	}
	return file
}

func TestRead_TakesFilesAsTheyAreFound(t *testing.T) {
	t.Parallel()
	indented := "    " + strings.ReplaceAll(strings.TrimSpace(smallest), "\n", "\n    ") + "\n"
	sample, err := os.ReadFile("../../e2e/testdata/aku.conf")
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{
		"the sample":               string(sample),
		"plain":                    smallest,
		"byte order mark":          "\ufeff" + smallest,
		"Windows":                  strings.ReplaceAll(smallest, "\n", "\r\n"),
		"comments in EUC-KR":       "# " + eucKR + "\n" + smallest,
		"ConfigMap":                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aku}\ndata:\n  other: x\n  aku.conf: |\n" + indented,
		"ConfigMap of get -o yaml": "apiVersion: v1\ndata:\n  aku.conf: " + fmt.Sprintf("%q", smallest) + "\nkind: ConfigMap\n",
		"one of several manifests": "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n---\napiVersion: v1\nkind: ConfigMap\ndata:\n  aku.conf: |\n" + indented,
	} {
		c, err := Read([]byte(file))
		if err != nil || len(c.Replications) != 1 || c.Replications[0].Tables[0] != "SYS.T1" {
			t.Errorf("%s: %v, %+v", name, err, c.Replications)
		}
	}
}

func TestRead_SaysWhatToDoAboutWhatItCannotTake(t *testing.T) {
	t.Parallel()
	const manifest = "apiVersion: v1\nkind: ConfigMap\ndata:\n  aku.conf: |\n    AKU_PORTS = 1\n    REPLICATIONS = ( REPLICATION_NAME_PREFIX = A ( SYS.T1 ) )\n"
	for name, test := range map[string]struct {
		file string
		want string
	}{
		"UTF-16":                      {string(inUTF16(smallest, binary.LittleEndian, true)), errUTF16.Error()},
		"UTF-16, big end first":       {string(inUTF16(smallest, binary.BigEndian, true)), errUTF16.Error()},
		"UTF-16 without a mark":       {string(inUTF16(smallest, binary.LittleEndian, false)), errUTF16.Error()},
		"a name in EUC-KR":            {"REPLICATIONS = ( REPLICATION_NAME_PREFIX = A\n( SYS." + eucKR + ", SYS." + eucKR + "2 ) )", "line 2: this is not UTF-8; text in EUC-KR is made so with iconv -f EUC-KR -t UTF-8 aku.conf > aku-utf8.conf"},
		"a fault in a ConfigMap":      {manifest, "line 5: AKU_PORTS is not a property of aku"},
		"a manifest without aku.conf": {"apiVersion: v1\nkind: Service\n", "the manifest has no ConfigMap with an aku.conf in its data: import the file itself"},
		"two of them":                 {manifest + "---\n" + manifest, "the manifest has more than one aku.conf, on lines 4 and 11: import the right one by itself"},
	} {
		_, err := Read([]byte(test.file))
		if err == nil {
			t.Errorf("%s is taken", name)
			continue
		}
		if diff := cmp.Diff(test.want, err.Error()); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestRead_FindsWhatTheChartWouldRefuse(t *testing.T) {
	t.Parallel()
	block := func(prefix, tables string) string {
		return "(\n REPLICATION_NAME_PREFIX = " + prefix + "\n (" + tables + ") )\n"
	}
	many := "REPLICATIONS = " + block("P0", "SYS.T0")
	for n := 1; n < 12; n++ {
		many += block(fmt.Sprint("P", n), fmt.Sprint("SYS.T", n))
	}
	for text, want := range map[string]string{
		"REPLICATIONS = " + block("A-B", "SYS.T1"):                      `line 2: REPLICATION_NAME_PREFIX is "A-B", it must be letters, digits and _, not beginning with a digit`,
		"REPLICATIONS = " + block(strings.Repeat("A", 38), "SYS.T1"):    `line 2: REPLICATION_NAME_PREFIX is 38 bytes long, at most 37 are allowed: "` + strings.Repeat("A", 38) + `"`,
		"REPLICATIONS = " + block("A", "SYS.T1") + block("a", "SYS.T2"): `line 5: REPLICATION_NAME_PREFIX "a" is that of line 2 already: give each replication its own`,
		"REPLICATIONS = " + block("A", "SYS.T1,\n sys.A_BEAT"):          `line 4: SYS.A_BEAT is the name of aku's own table, which is replicated anyway: take it out of the list, or if it is yours, rename it or the replication`,
		"REPLICATIONS = " + block("A", "SYS.T1,\n sys.\"T1\""):          `line 4: sys."T1" is on line 3 already: name a table once`,
		"REPLICATIONS = " + block("A", "SYS.1T"):                        `line 3: "SYS.1T" begins a name with a character that is not a letter: put the name in quotes`,
		"AKU_PORT_NO = 20301\nREPLICATIONS = " + block("A", "SYS.T1"):   `line 1: AKU_PORT_NO and AKU_REPLICATION_PORT_NO are both 20301, they must differ`,
		"AKU_PORT_NO = 20380\nREPLICATIONS = " + block("A", "SYS.T1"):   `line 1: 20380 is the health port of the chart's aku: choose another one`,
		many: `line 1: 12 replications make 36 replication objects on each of 4 servers, which takes 32: put the tables into fewer, or lower AKU_SERVER_COUNT`,
		"AKU_FLUSH_TIMEOUT_AT_START = 4294967296\nREPLICATIONS = " + block("A", "SYS.T1"): `line 1: AKU_FLUSH_TIMEOUT_AT_START is "4294967296", it must be a number from 0 to 4294967295`,
	} {
		_, err := Read([]byte(text))
		if err == nil {
			t.Errorf("%q is taken", text)
			continue
		}
		if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Errorf("%q:\n%s", text, diff)
		}
	}
}

func values(t *testing.T, text string) string {
	t.Helper()
	c, err := Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c.Values()
}

func TestValues_CapTheMaximaOfTheVendor(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for name, rule := range properties {
		if rule.cap {
			fmt.Fprintf(&text, "%s = %d\n", name, mostOfTheVendor)
		}
	}
	got := values(t, text.String()+smallest)
	for _, want := range []string{
		"  queryTimeout: 4294967295\n",
		"  # aku.conf has 4294967295; the chart takes at most this.\n  flushTimeoutAtStart: 86400\n",
		"  # aku.conf has 4294967295; the chart takes at most this.\n  queryRetryDelayMsec: 3600000\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
}

func TestValues_SayWhatTheFileLeavesOpen(t *testing.T) {
	t.Parallel()
	const noReset, isEncrypted = "aku.conf has no AKU_REPLICATION_RESET_AT_END", "looks encrypted"
	for text, want := range map[string][2]bool{
		smallest: {true, false},
		"AKU_REPLICATION_RESET_AT_END = 0\n" + smallest:                            {false, false},
		strings.Replace(smallest, "s3cr3t", "3F2A90BC11D4E5F60718293A4B5C6D7E", 1): {true, true},
		strings.Replace(smallest, "s3cr3t", strings.Repeat("abc+", 11), 1):         {true, true},
	} {
		got := values(t, text)
		if has := [2]bool{strings.Contains(got, noReset), strings.Contains(got, isEncrypted)}; has != want {
			t.Errorf("%q: %v, want %v:\n%s", text, has, want, got)
		}
	}
}
