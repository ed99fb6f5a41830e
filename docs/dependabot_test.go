package docs

import (
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// TestDependabot_WatchesEveryModuleAndTheWorkflows finds the go.mod that was added without anybody to look after it.
func TestDependabot_WatchesEveryModuleAndTheWorkflows(t *testing.T) {
	var config struct {
		Version int
		Updates []struct {
			Ecosystem string `json:"package-ecosystem"`
			Directory string
			Schedule  struct{ Interval string }
		}
	}
	if err := yaml.Unmarshal([]byte(read(t, "../.github/dependabot.yml")), &config); err != nil {
		t.Fatal(err)
	}
	var watched []string
	for _, u := range config.Updates {
		watched = append(watched, u.Ecosystem+" "+u.Directory)
		if u.Schedule.Interval == "" {
			t.Errorf("%s has no interval", u.Directory)
		}
	}
	want := []string{"github-actions /"} // all that is in .github/workflows
	err := filepath.WalkDir("..", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() != ".." && strings.HasPrefix(d.Name(), "."):
			return filepath.SkipDir
		case d.Name() == "go.mod":
			want = append(want, "gomod "+path.Join("/", strings.TrimPrefix(filepath.ToSlash(filepath.Dir(file)), "..")))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	slices.Sort(watched)
	if diff := cmp.Diff(want, watched); diff != "" || config.Version != 2 {
		t.Errorf("version %d of dependabot.yml (-there +watched):\n%s", config.Version, diff)
	}
}
