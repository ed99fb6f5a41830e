package conformance

import (
	"embed"
	"io/fs"
)

// The cases are in the program: it also runs where this folder is not.
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
