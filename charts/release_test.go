package charts

import (
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

func TestRelease_ChangesAreToldWhereTheyAreLookedFor(t *testing.T) {
	loaded, err := load()
	if err != nil {
		t.Fatal(err)
	}
	version := loaded.Metadata.Version
	_, newest, _ := strings.Cut(readFile(t, "altibase/CHANGELOG.md"), "\n## ")
	if heading, _, _ := strings.Cut(newest, "\n"); heading != version {
		t.Errorf("CHANGELOG.md begins with %s, the chart is %s", heading, version)
	}
	// What Artifact Hub shows; it leaves a list out that it cannot read.
	var changes []struct{ Kind, Description string }
	if err := yaml.UnmarshalStrict([]byte(loaded.Metadata.Annotations["artifacthub.io/changes"]), &changes); err != nil || len(changes) == 0 {
		t.Fatalf("artifacthub.io/changes: %v, %d changes", err, len(changes))
	}
	for _, c := range changes {
		if !slices.Contains([]string{"added", "changed", "deprecated", "removed", "fixed", "security"}, c.Kind) || c.Description == "" {
			t.Errorf("artifacthub.io/changes: %+v", c)
		}
	}
	if len(loaded.Metadata.Maintainers) == 0 {
		t.Error("nobody is named who keeps the chart")
	}
	var images []struct{ Name, Image string }
	if err := yaml.UnmarshalStrict([]byte(loaded.Metadata.Annotations["artifacthub.io/images"]), &images); err != nil || len(images) == 0 {
		t.Fatalf("artifacthub.io/images: %v, %d images", err, len(images))
	}
	if want := render(t, least).container(t, "altibase").Image; images[0].Image != want {
		t.Errorf("artifacthub.io/images has %s, the chart runs %s", images[0].Image, want)
	}
}
