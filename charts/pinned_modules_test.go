package charts

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
)

// A module is the source of one that nothing here is built from: many versions of it are looked at.
type module struct{ Path, Version, Dir, Sum string }

// pinnedModules fetches the modules that a file lists, in its order, and holds them to the checksums there.
func pinnedModules(t *testing.T, file string) []module {
	t.Helper()
	var wanted []module
	var names []string
	for line := range strings.Lines(readFile(t, file)) {
		if f := strings.Fields(line); !strings.HasPrefix(line, "#") && len(f) == 3 {
			wanted = append(wanted, module{Path: f[0], Version: f[1], Sum: f[2]})
			names = append(names, f[0]+"@"+f[1])
		}
	}
	out, err := exec.CommandContext(t.Context(), "go", append([]string{"mod", "download", "-json"}, names...)...).Output()
	if err != nil {
		t.Fatalf("go mod download: %v\n%s", err, out)
	}
	fetched := map[string]module{}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); decoder.More(); {
		var m module
		if err := decoder.Decode(&m); err != nil {
			t.Fatal(err)
		}
		fetched[m.Path+"@"+m.Version] = m
	}
	for i, w := range wanted {
		got := fetched[names[i]]
		if got.Sum != w.Sum {
			t.Fatalf("%s has checksum %q, %s wants %s", names[i], got.Sum, file, w.Sum)
		}
		wanted[i] = got
	}
	return wanted
}
