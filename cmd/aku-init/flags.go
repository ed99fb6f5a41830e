package main

import (
	"errors"
	"flag"
	"fmt"
	"strings"

	"aku/internal/process"
)

// parse reads the options of a command into flags and tells whether to go on. The
// usage of the flags is printed when it was asked for, and is in the error when the
// options are not right.
func parse(flags *flag.FlagSet, args []string, right func() bool) (goOn bool, err error) {
	var said strings.Builder
	flags.SetOutput(&said)
	err = flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Print(said.String())
		return false, nil
	case err == nil && flags.NArg() == 0 && right():
		return true, nil
	case err == nil:
		flags.Usage()
	}
	return false, process.Usage(strings.TrimSpace(said.String()))
}
