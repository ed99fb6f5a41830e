package wiring

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"aku/internal/altibase"
	"aku/internal/settings"
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

func TestConfig_TheOwnServerIsOnLoopback_OthersHaveTheirNames(t *testing.T) {
	for pod, own := range map[string]string{"altibase-1": altibase.Loopback, "somewhere-else": "altibase-1.altibase-svc"} {
		env := good()
		env["AKU_POD_NAME"] = pod
		s, err := settings.MeshFrom(env)
		if err != nil {
			t.Fatal(err)
		}
		address := Config(s).Address
		if address(1) != own || address(0) != "altibase-0.altibase-svc" {
			t.Errorf("%s reaches pod 1 at %s and pod 0 at %s", pod, address(1), address(0))
		}
	}
}

func TestPassword_FileIsReadAtEveryConnect(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	env := good()
	delete(env, "AKU_SYS_PASSWORD")
	env["AKU_SYS_PASSWORD_FILE"] = file
	s, err := settings.From(env)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Config(s).Password(); err == nil {
		t.Error("a missing file is no error")
	}
	for _, want := range []string{"first", "a;b{c}=d e"} {
		if err := os.WriteFile(file, []byte(want+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := Config(s).Password(); err != nil || got != want {
			t.Errorf("password %q, %v; want %q", got, err, want)
		}
	}
	if err := os.WriteFile(file, []byte("p'w"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Config(s).Password(); err == nil || !strings.Contains(err.Error(), "no valid password: it has a single or double quote") || strings.Contains(err.Error(), "p'w") {
		t.Errorf("a password that no server takes: %v", err)
	}
	if err := os.WriteFile(file, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := Config(s).Password(); err == nil {
		t.Errorf("an empty file is the password %q", got)
	}
}

func TestDriver_IsToldTheLimitOfALogin(t *testing.T) {
	t.Parallel()
	s, err := settings.From(good())
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("LOGIN_TIMEOUT=%d", int(altibase.LoginTimeout.Seconds()))
	if extra := Config(s).Driver.Extra; !slices.Contains(strings.Split(extra, ";"), want) {
		t.Errorf("AKU_ODBC_EXTRA is %q by default, want %s in it: the driver outlives the call otherwise", extra, want)
	}
}
