package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"aku-init": main})
}

// TestCommands_DoWhatTheirScriptsSay runs the real command line; each file in testdata is one story.
func TestCommands_DoWhatTheirScriptsSay(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata"})
}
