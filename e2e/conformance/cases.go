package conformance

import (
	"embed"
	"io/fs"
)

// The cases are embedded, because the program also runs where this folder does not exist.
//
//go:embed cases/*.txt
var embedded embed.FS

// Cases are the files of cases.
func Cases() fs.FS {
	cases, err := fs.Sub(embedded, "cases")
	if err != nil {
		panic(err) // the name is wrong
	}
	return cases
}
