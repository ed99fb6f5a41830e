package main

import (
	"fmt"
	"io"
	"os"

	"aku/internal/akuconf"
	"aku/internal/process"
)

// importConf prints the chart's values for a configuration file of the vendor's
// utility; - is the standard input.
func importConf(file string) error {
	var text []byte
	var err error
	if file == "-" {
		text, err = io.ReadAll(os.Stdin)
	} else {
		text, err = os.ReadFile(file)
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
