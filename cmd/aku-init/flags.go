package main

import (
	"errors"
	"flag"
	"fmt"
	"strings"

	"aku/internal/process"
)

// newFlags are the options of a command. Help tells what it does; the options follow it.
func newFlags(name, help string) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.Usage = func() {
		fmt.Fprintf(flags.Output(), "usage: aku-init %s\nOptions:\n", help)
		flags.PrintDefaults()
	}
	return flags
}

// parse reads the options of a command into flags and tells whether to go on. The
// usage of the flags is printed when it was asked for, and is in the error when the
// options are not right.
func parse(flags *flag.FlagSet, args []string, right func() bool) (goOn bool, err error) {
	var printed strings.Builder
	flags.SetOutput(&printed)
	err = flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Print(printed.String())
		return false, nil
	case err == nil && flags.NArg() == 0 && right():
		return true, nil
	case err == nil:
		flags.Usage()
	}
	return false, process.Usage(strings.TrimSpace(printed.String()))
}

// format is the option -o: plain, which is the name of the format for people, or json.
type format struct{ plain, chosen string }

// outputFlag gives a command the option -o.
func outputFlag(flags *flag.FlagSet, plain string) *format {
	f := &format{plain: plain}
	flags.StringVar(&f.chosen, "o", plain, plain+" or json")
	return f
}

func (f *format) json() bool  { return f.chosen == "json" }
func (f *format) known() bool { return f.json() || f.chosen == f.plain }
