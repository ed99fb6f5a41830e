package charts

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
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

func TestChart_MetadataIsWhatACatalogueShows(t *testing.T) {
	loaded, err := load()
	if err != nil {
		t.Fatal(err)
	}
	m := loaded.Metadata
	icon, found := strings.CutPrefix(m.Icon, "data:image/svg+xml;base64,")
	drawn, err := base64.StdEncoding.DecodeString(icon)
	if !found || err != nil {
		t.Errorf("icon %.40s: %v", m.Icon, err)
	}
	if diff := cmp.Diff(readFile(t, "altibase/icon.svg"), string(drawn)); diff != "" {
		t.Errorf("the icon is not icon.svg (-file +icon):\n%s", diff)
	}
	for key, value := range m.Annotations {
		known := map[string]string{
			"alternativeName": "aku", "category": "database", "containsSecurityUpdates": "false", "license": "Apache-2.0", "operator": "false", "prerelease": "true",
			"changes": value, "images": value, // in the test above
		}
		if name, ours := strings.CutPrefix(key, "artifacthub.io/"); ours && (known[name] != value || value == "") {
			t.Errorf("%s: %s", key, value)
		}
	}
	if zero := strings.HasPrefix(m.Version, "0."); zero != (m.Annotations["artifacthub.io/prerelease"] == "true") {
		t.Errorf("version %s, prerelease %s", m.Version, m.Annotations["artifacthub.io/prerelease"])
	}
	for _, maintainer := range m.Maintainers {
		if maintainer.Email != "" || !strings.HasSuffix(maintainer.Name, " maintainers") {
			t.Errorf("a person: %+v", maintainer)
		}
	}
	for _, address := range append([]string{m.Home}, m.Sources...) {
		if address != "" && !strings.HasPrefix(address, "https://") {
			t.Errorf("%s is no address", address)
		}
	}
}

// TestDevelopmentVersion_SaysSoAndWhatToSet: a chart from a checkout, and the same as a release leaves it.
func TestDevelopmentVersion_SaysSoAndWhatToSet(t *testing.T) {
	loaded, err := load()
	if err != nil {
		t.Fatal(err)
	}
	released := *loaded
	metadata := *loaded.Metadata
	metadata.Annotations = maps.Clone(metadata.Annotations)
	if metadata.Annotations["development"] != "true" {
		t.Fatalf("Chart.yaml says development: %q", metadata.Annotations["development"])
	}
	delete(metadata.Annotations, "development")
	released.Metadata = &metadata
	for _, c := range []struct {
		chart *chart.Chart
		notes string
	}{{loaded, "is a development version, from a checkout"}, {&released, ""}} {
		options := chartutil.ReleaseOptions{Name: "altibase", Namespace: "db", IsInstall: true}
		with := func(_ *chart.Chart, v chartutil.Values) (map[string]string, error) {
			return new(engine.Engine).Render(c.chart, v)
		}
		_, err := renderFor(t, options, with, least, "aku: {image: {registry: ''}}")
		if err == nil || !strings.Contains(err.Error(), "aku.image.registry") || strings.Contains(err.Error(), "development version") != (c.notes != "") {
			t.Errorf("development %q: %v", c.chart.Metadata.Annotations["development"], err)
		}
		r, err := renderFor(t, options, with, least)
		if err != nil {
			t.Fatal(err)
		}
		if said := strings.Contains(r.notes, "development version"); said != (c.notes != "") || !strings.Contains(r.notes, c.notes) {
			t.Errorf("development %q: the notes:\n%s", c.chart.Metadata.Annotations["development"], r.notes)
		}
	}
	if notes := render(t, least, "aku: {install: false}").notes; !strings.Contains(notes, "the same checkout") || strings.Contains(notes, "aku.image.tag") {
		t.Errorf("with aku in the database image:\n%s", notes)
	}
	if readme := readFile(t, "altibase/README.md"); !strings.Contains(readme, "**The chart of a checkout is a development version.**") {
		t.Error("the README does not say it")
	}
}
