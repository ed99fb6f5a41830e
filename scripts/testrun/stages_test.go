package main

import (
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
