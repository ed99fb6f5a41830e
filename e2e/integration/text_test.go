//go:build integration

package integration

import (
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"aku/e2e/altisim/altisimtest"
)

// ansi is a driver without functions for wide characters, like Altibase's. unixODBC converts each statement
// for it, by the locale of the process.
const ansi = "/usr/lib/x86_64-linux-gnu/odbc/psqlodbca.so"

// posix is an environment whose only text is ASCII.
var posix = []string{"LANG=C", "LC_ALL=POSIX", "LC_CTYPE=C"}

// Texts of every kind: two scripts, precomposed and combining marks, characters outside of the basic plane.
const (
	korean   = "한글표"
	japanese = "日本 が か\u3099"
	signs    = "😀 é e\u0301 𝄞"
)

// startWithTexts starts two servers, the master in service. Its init script and the names of the replicated
// tables consist of such texts.
func startWithTexts(t *testing.T) *cluster {
	t.Helper()
	dir := t.TempDir()
	script := fmt.Sprintf(`-- %[3]s
CREATE TABLE "%[1]s" ("%[2]s" VARCHAR(90) PRIMARY KEY, V INTEGER); /* %[2]s */
CREATE TABLE "%[3]s" (ID INTEGER PRIMARY KEY, "%[1]s" VARCHAR(90));
CREATE TABLE MINE ("%[1]s" VARCHAR(90) PRIMARY KEY);
INSERT INTO MINE VALUES ('%[1]s %[2]s %[3]s');
`, korean, japanese, signs)
	if err := os.WriteFile(filepath.Join(dir, "01.sql"), []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	c := start(t, 2, map[string]string{
		"AKU_INITDB_DIR":            dir,
		"AKU_REPLICATIONS_0_TABLES": fmt.Sprintf(`SYS."%s",SYS."%s"`, korean, signs),
	})
	c.inService(0)
	return c
}

// mustHaveTexts checks the bytes in the pods.
func (c *cluster) mustHaveTexts() {
	c.t.Helper()
	for _, p := range c.pods {
		for query, want := range map[string][]string{
			"SELECT HEX(TABLE_NAME) FROM SYSTEM_.SYS_TABLES_ WHERE TABLE_NAME > 'Z'": {korean, signs},
			"SELECT HEX(LOCAL_TABLE_NAME) FROM SYSTEM_.SYS_REPL_ITEMS_":              {korean, signs, "AKU_REP_BEAT"},
			`SELECT HEX("` + korean + `") FROM MINE`:                                 {korean + " " + japanese + " " + signs},
		} {
			for i, text := range want {
				want[i] = strings.ToUpper(hex.EncodeToString([]byte(text)))
			}
			got := p.SQL(query)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				c.t.Errorf("pod %d, %s: got %q, want %q", p.number, query, got, want)
			}
		}
	}
}

func TestText_OfAnyScript_ArrivesByteForByteInAnyLocale(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{"wide": altisimtest.Driver, "ansi": ansi} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := startWithTexts(t)
			run := c.pods[1].launch(t, "exec aku-init start", append(posix, "AKU_ODBC_DRIVER="+file)...)
			if code := run.exit(); code != 0 {
				t.Fatalf("exit code %d:\n%s", code, run.said())
			}
			c.mustHaveTexts()
		})
	}
}

// A vendor's image may have no locale, or one of another libc.
func TestText_FromTheBundleInAnEmptyRoot_ArrivesByteForByte(t *testing.T) {
	t.Parallel()
	c := startWithTexts(t)
	slave := c.pods[1]
	root := t.TempDir()
	const prepare = `set -euo pipefail
cd ../..
mkdir -p "$ROOT"/{opt,etc,proc,run,tmp,initdb,usr/lib/x86_64-linux-gnu/odbc}
images/bundle.sh "$ROOT/opt/aku" ./cmd/aku-init
images/libraries.sh "$DRIVER" | grep -vx "$DRIVER" | xargs cp --dereference --target-directory "$ROOT/usr/lib/x86_64-linux-gnu"
cp "$DRIVER" "$ROOT$DRIVER"
cp "$INITDB"/* "$ROOT/initdb"
touch "$ROOT/etc/hosts"`
	cmd := exec.Command("bash", "-c", prepare)
	cmd.Env = append(os.Environ(), "ROOT="+root, "DRIVER="+ansi, "INITDB="+slave.env["AKU_INITDB_DIR"])
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	run := slave.launch(t, `mount --bind "$HOSTS" "$ROOT/etc/hosts" && mount -t proc proc "$ROOT/proc" && exec chroot "$ROOT" /opt/aku/bin/aku-init start`,
		append(posix, "ROOT="+root, "AKU_ODBC_DRIVER="+ansi, "AKU_RUN_DIR=/run", "AKU_INITDB_DIR=/initdb")...)
	if code := run.exit(); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, run.said())
	}
	c.mustHaveTexts()
}
