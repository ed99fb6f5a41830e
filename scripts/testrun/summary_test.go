package main

import (
	"strings"
	"testing"
)

func TestSummary_WhatIsLeftOutIsSaid_AndCountsNeitherWay(t *testing.T) {
	var text strings.Builder
	ok := summarise(&text, []result{{stage: "e2e", passed: 3, leftOut: []string{"some tests: they need another cluster"}}})
	if !ok || !strings.Contains(text.String(), "left out: some tests: they need another cluster") || !strings.Contains(text.String(), "\n3 passed, 0 failed\n") {
		t.Errorf("all is well: %v\n%s", ok, &text)
	}
}
