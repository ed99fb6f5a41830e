package main

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestServerOfOnesOwn_LeavesOutWhatNamesTheStandIn_AndSaysSo(t *testing.T) {
	if packages, _, leftOut := onServer(""); !slices.Contains(packages, chartTesting) || len(leftOut) > 0 {
		t.Errorf("with the stand-in %v is run, %v left out", packages, leftOut)
	}
	packages, _, leftOut := onServer("vendor:1")
	if slices.Contains(packages, chartTesting) || len(packages) == 0 || len(leftOut) != 1 || !strings.Contains(leftOut[0], "vendor:1") {
		t.Errorf("with another server %v is run, %v left out", packages, leftOut)
	}
}

func TestStageAlone_HasSetupBeforeItWhereSomethingOfItIsMissing(t *testing.T) {
	names := func(stages []stage) (names []string) {
		for _, s := range stages {
			names = append(names, s.name)
		}
		return names
	}
	for _, c := range []struct {
		chosen  []string
		missing string
		want    []string
	}{
		{[]string{"chart"}, "", []string{"chart"}},
		{[]string{"chart"}, helmDocs, []string{"setup", "chart"}},
		{[]string{"unit"}, helmDocs, []string{"unit"}},
		{[]string{"unit", "release"}, helm, []string{"setup", "unit", "release"}},
		{[]string{"simulation"}, odbc, []string{"simulation"}},
		{nil, promtool, names(stages)},
	} {
		chosen, err := choose(c.chosen)
		if err != nil {
			t.Fatal(err)
		}
		if got := names(prepared(chosen, func(file string) bool { return file != c.missing })); !slices.Equal(got, c.want) {
			t.Errorf("%v without %q: %v, want %v", c.chosen, c.missing, got, c.want)
		}
	}
}

func TestAnyServer_IsTheStandInUnlessOneIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		environment map[string]string
		want        []string
		limit       string
	}{
		"nothing is named":   {nil, []string{"SERVER_IMAGE=" + standIn, "SERVER_VALUES=" + standInValues, "KIND=altisim"}, "80m"},
		"another's cluster":  {map[string]string{"DEMO_KUBECONFIG": "file"}, []string{"KIND=altisim"}, "80m"},
		"the stand-in":       {map[string]string{"SERVER_IMAGE": standIn, "SERVER_VALUES": "mine.yaml"}, []string{"KIND=altisim"}, "80m"},
		"a server of theirs": {map[string]string{"SERVER_IMAGE": "vendor:1", "SERVER_VALUES": "mine.yaml"}, nil, "4h"},
	} {
		got, limit := anyServer(func(variable string) string { return c.environment[variable] })
		if !slices.Equal(got, c.want) || limit != c.limit {
			t.Errorf("%s: %v for %s, want %v for %s", name, got, limit, c.want, c.limit)
		}
	}
}

func TestStage_CanBeRunAlone(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range stages {
		target := strings.TrimPrefix(s.alone(), "make ")
		if !strings.Contains(string(makefile), "\n"+target+": ") {
			t.Errorf("the Makefile has no target %s", target)
		}
	}
}
