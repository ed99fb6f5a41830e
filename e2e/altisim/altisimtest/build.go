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

// Driver is the ODBC driver for the servers.
const Driver = "/usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so"

// Values of AKU_ODBC_SYSDBA, AKU_ODBC_EXTRA and AKU_ODBC_QUOTE for altisim.
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

// Binary builds altisim and returns the path of the program.
func Binary(t testing.TB) string {
	t.Helper()
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

// odbcIni writes an odbc.ini with one section that names the driver, and makes this process use it. unixODBC
// reads the file at the first connection, so one file serves the whole process. Each program of tests has a
// folder of its own: one that reads the file while another one writes it finds no driver.
var odbcIni = sync.OnceValue(func() error {
	root, err := checkout.Top()
	if err != nil {
		return err
	}
	dir := filepath.Join(root, ".build", "test", filepath.Base(os.Args[0]))
	file := filepath.Join(dir, "odbc.ini")
	return errors.Join(
		os.MkdirAll(dir, 0o750),
		os.WriteFile(file, []byte("["+section+"]\nDriver="+Driver+"\n"), 0o640),
		os.Setenv("ODBCINI", file), os.Setenv("ODBCSYSINI", dir), unicode.Use(dir),
	)
})

// section has the name that aku's odbc.ini uses, so that one process can use both.
const section = "AKU"
