package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
)

// released makes a release of the newest commit, with the version of its chart.
func released(t *testing.T, registry string) (order, string) {
	t.Helper()
	chart, err := output(t.Context(), "../..", "git", "show", "HEAD:"+chartFolder+"/Chart.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, version, _ := strings.Cut(chart, "\nversion: ")
	version, _, _ = strings.Cut(version, "\n")
	o := order{version: version, registry: registry, platform: onlyPlatform, repository: "../..", out: filepath.Join(t.TempDir(), "out")}
	if err := run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	return o, o.out
}

func TestRelease_TwiceFromOneCommit_IsTheSameBytes(t *testing.T) {
	_, first := released(t, "registry.example/team")
	_, second := released(t, "registry.example/team")
	one, err := sums(first)
	if err != nil {
		t.Fatal(err)
	}
	two, err := sums(second)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(one, two, cmp.AllowUnexported(sum{})); diff != "" || len(one) < 10 {
		t.Errorf("%d files, which differ:\n%s", len(one), diff)
	}
	if out, err := output(t.Context(), first, "sha256sum", "--check", "--strict", "SHA256SUMS"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestRelease_ItsFilesAgreeOnTheImage(t *testing.T) {
	o, out := released(t, "registry.example/team")
	index, err := os.ReadFile(filepath.Join(out, "aku-"+o.version+".oci/index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var layout struct {
		Manifests []struct{ Digest string }
	}
	if err := json.Unmarshal(index, &layout); err != nil || len(layout.Manifests) != 1 {
		t.Fatalf("%v: %s", err, index)
	}
	digest := layout.Manifests[0].Digest
	chart, err := loader.Load(filepath.Join(out, "altibase-"+o.version+".tgz"))
	if err != nil {
		t.Fatal(err)
	}
	defaults := chart.Values["aku"].(map[string]any)["image"].(map[string]any)
	delete(defaults, "pullPolicy")
	want := map[string]any{"registry": "registry.example", "repository": "team/aku", "tag": o.version, "digest": digest}
	if diff := cmp.Diff(want, defaults); diff != "" {
		t.Errorf("default image of the chart (-want +got):\n%s", diff)
	}
	if chart.Metadata.Version != o.version || chart.Metadata.AppVersion != o.version {
		t.Errorf("the chart is %s with aku %s, want %s", chart.Metadata.Version, chart.Metadata.AppVersion, o.version)
	}
	reference := "registry.example/team/aku:" + o.version + "@" + digest
	for _, named := range []struct{ what, text, want string }{
		{"the notes", read(t, out, "NOTES-"+o.version+".md"), reference},
		{"artifacthub.io/images", chart.Metadata.Annotations["artifacthub.io/images"], reference},
		{"the provenance", read(t, out, "provenance-"+o.version+".intoto.json"), strings.TrimPrefix(digest, "sha256:")},
		{"the image's SBOM", read(t, out, "aku-image-"+o.version+".spdx.json"), strings.TrimPrefix(digest, "sha256:")},
	} {
		if !strings.Contains(named.text, named.want) {
			t.Errorf("%s do not name %s", named.what, named.want)
		}
	}
	for _, file := range chart.Files {
		if file.Name == "README.md" && !bytes.Contains(file.Data, []byte(digest)) {
			t.Error("the chart's README has other defaults than its values.yaml")
		}
	}
}

func TestRelease_SBOMNamesEveryPartWithItsLicence(t *testing.T) {
	o, out := released(t, "")
	var sbom struct {
		Packages []struct{ Name, VersionInfo, LicenseDeclared string }
		Files    []struct{ FileName string }
	}
	if err := json.Unmarshal([]byte(read(t, out, "aku-image-"+o.version+".spdx.json")), &sbom); err != nil {
		t.Fatal(err)
	}
	licences := map[string]string{}
	for _, p := range sbom.Packages {
		if p.VersionInfo == "" || p.LicenseDeclared == "" || p.LicenseDeclared == "NOASSERTION" {
			t.Errorf("%+v", p)
		}
		licences[p.Name] = p.LicenseDeclared
	}
	for name, want := range map[string]string{
		"std": "BSD-3-Clause", "github.com/prometheus/client_golang": "Apache-2.0", "libc6": "LGPL-2.1-or-later", "libodbc2": "LGPL-2.1-or-later",
	} {
		if licences[name] != want {
			t.Errorf("%s has licence %q, want %s", name, licences[name], want)
		}
	}
	files := map[string]bool{}
	for _, f := range sbom.Files {
		files[f.FileName] = true
	}
	for _, want := range []string{"./opt/aku/bin/aku-init", "./opt/aku/lib/libc.so.6", "./opt/aku/lib/locale/C.utf8/LC_CTYPE"} {
		if !files[want] {
			t.Errorf("%s is not among its files", want)
		}
	}
}

func TestOrder_ThatCannotBeMade_IsRefusedWithTheReason(t *testing.T) {
	for name, test := range map[string]struct {
		order order
		want  string
	}{
		"no version": {order{platform: onlyPlatform}, "make release VERSION=x.y.z"},
		"arm64":      {order{version: "1.0.0", platform: "linux/arm64"}, "Altibase's server and its ODBC driver"},
		"not said in the list of changes": {
			order{version: "99.0.0", platform: onlyPlatform, repository: "../..", out: t.TempDir()}, `has no heading "## 99.0.0"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err := run(t.Context(), test.order); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func read(t *testing.T, folder, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
