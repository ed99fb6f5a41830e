package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"aku/internal/akuconf"
	"aku/internal/process"
)

// importConf prints the chart's values for a configuration file of the vendor's
// utility; - is the standard input.
func importConf(_ context.Context, args []string) error {
	if len(args) != 1 {
		return process.Usage(usage())
	}
	var text []byte
	var err error
	if args[0] == "-" {
		text, err = io.ReadAll(os.Stdin)
	} else {
		text, err = os.ReadFile(args[0])
	}
	if err != nil {
		return process.Misconfigured(err)
	}
	conf, err := akuconf.Read(text)
	if err != nil {
		return process.Misconfigured(err)
	}
	fmt.Print(conf.Values())
	return nil
}
