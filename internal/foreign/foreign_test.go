package foreign

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// container is a root folder with these files.
func container(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestSeen_FindsTheVendorsAkuByItsProcessOrMarker(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"nothing", nil, ""},
		{"our own programs", map[string]string{"proc/1/comm": "altibase\n", "proc/7/comm": "aku-init\n", "proc/8/comm": "aku-prestop\n"}, ""},
		{"a running aku", map[string]string{"proc/1/comm": "entrypoint.sh\n", "proc/42/comm": "aku\n"}, "process 42 of this container is the vendor's aku"},
		{"one that has ended", map[string]string{"tmp/aku_start_completed": ""}, "tmp/aku_start_completed is there"},
	} {
		if got := Seen(container(t, test.files)); (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
