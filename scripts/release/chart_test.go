package main

import (
	"os"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/v2/loader"
)

func TestChart_OfAReleaseNamesItsSource(t *testing.T) {
	src := &source{folder: t.TempDir()}
	if err := os.CopyFS(src.path(chartFolder), os.DirFS("../../"+chartFolder)); err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"", "https://example.org/aku"} {
		if err := src.setSource(address); err != nil {
			t.Fatal(err)
		}
		chart, err := loader.Load(src.path(chartFolder))
		if err != nil {
			t.Fatal(err)
		}
		if m := chart.Metadata; m.Home != address || strings.Join(m.Sources, " ") != address || len(m.Maintainers) != 1 {
			t.Errorf("source %q: home %q, sources %q, maintainers %v", address, m.Home, m.Sources, m.Maintainers)
		}
	}
	if err := (&order{version: "1.2.3", platform: onlyPlatform, source: "example.org/aku"}).check(); err == nil || !strings.Contains(err.Error(), "https://") {
		t.Errorf("no link: got %v", err)
	}
}

func TestChart_OfAReleaseIsNoDevelopmentVersion(t *testing.T) {
	src := &source{folder: t.TempDir()}
	if err := os.CopyFS(src.path(chartFolder), os.DirFS("../../"+chartFolder)); err != nil {
		t.Fatal(err)
	}
	checkedOut, err := loader.Load(src.path(chartFolder))
	if err != nil {
		t.Fatal(err)
	}
	if err := src.setVersion(checkedOut.Metadata.Version); err != nil {
		t.Fatal(err)
	}
	released, err := loader.Load(src.path(chartFolder))
	if err != nil {
		t.Fatal(err)
	}
	before, after := checkedOut.Metadata, released.Metadata
	if before.Annotations["development"] != "true" || len(after.Annotations) != len(before.Annotations)-1 {
		t.Errorf("annotations of the checkout %v, of the release %v", before.Annotations, after.Annotations)
	}
	if _, marked := after.Annotations["development"]; marked || after.AppVersion != after.Version {
		t.Errorf("%s with aku %s, development %v", after.Version, after.AppVersion, marked)
	}
	text, err := os.ReadFile(src.path(chartFolder + "/Chart.yaml"))
	if err != nil || strings.Contains(string(text), "takes this line out") {
		t.Errorf("%v: the comment stays", err)
	}
}
