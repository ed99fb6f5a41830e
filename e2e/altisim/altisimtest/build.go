package altisimtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"aku/e2e/internal/checkout"
	"aku/internal/unicode"
)

// Driver is the ODBC driver that the servers are reached with.
const Driver = "/usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so"

// What AKU_ODBC_SYSDBA, AKU_ODBC_EXTRA and AKU_ODBC_QUOTE must be for altisim.
const (
	Sysdba = "pqopt={options=-cprivilege=sysdba}"
	Extra  = "Database=mydb;SSLmode=disable;UseServerSidePrepare=0"
	Quote  = "braces"
)

var build = sync.OnceValues(func() (string, error) {
	root, err := checkout.Top()
	if err != nil {
		return "", err
	}
	bin := filepath.Join(root, ".build", "test", "altisim")
	cmd := exec.Command("go", "build", "-trimpath", "-o", bin, "./e2e/altisim")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build altisim: %w\n%s", err, out)
	}
	return bin, nil
})

// Binary builds altisim and gives the path of the program.
func Binary(t testing.TB) string {
	t.Helper()
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

// odbcIni writes an odbc.ini whose one section only names the driver and makes
// this process use it. It is read when the first connection is opened, so one
// file serves the whole process.
var odbcIni = sync.OnceValue(func() error {
	root, err := checkout.Top()
	if err != nil {
		return err
	}
	dir := filepath.Join(root, ".build", "test")
	file := filepath.Join(dir, "odbc.ini")
	return errors.Join(
		os.MkdirAll(dir, 0o750),
		os.WriteFile(file, []byte("["+section+"]\nDriver="+Driver+"\n"), 0o640),
		os.Setenv("ODBCINI", file), os.Setenv("ODBCSYSINI", dir), unicode.Use(dir),
	)
})

// section is named as in the odbc.ini that aku writes, so that one process can use both.
const section = "AKU"
