package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// The licences that a module may have, by its use (SPDX names).
var (
	// inImage: the module is in the programs of the image, which everybody may pass on under the Apache
	// licence.
	inImage = []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"}
	// inTests: the module is in the stand-in, the tests or the test cluster. The added licences are for
	// pages, fonts and SQLite.
	inTests = append([]string{"MPL-2.0", "CC-BY-4.0", "CC-BY-SA-4.0", "OFL-1.1", "blessing"}, inImage...)
	// inTools: the module is in a program that runs beside the code, and in nothing that is made from it.
	inTools = append([]string{"GPL-3.0", "GPL-3.0-or-later"}, inTests...)
)

// permit reports terms of a licence that are not permitted.
func permit(licence string, permitted []string) error {
	for term := range strings.SplitSeq(licence, " AND ") {
		if !slices.Contains(permitted, term) {
			return fmt.Errorf("%s is not permitted here, only %s (licences.go)", term, strings.Join(permitted, ", "))
		}
	}
	return nil
}

// stated are the licences of modules whose files do not use the words of a known licence. A person has read
// them.
var stated = map[string]string{
	// COPYING: MIT or the Unlicense, at choice.
	"github.com/alecthomas/go-check-sumtype": "MIT",
	// Files of Go; the licence is in internal/LICENSE.
	"github.com/golangci/gofmt": "BSD-3-Clause",
	// LICENSE.code: Apache-2.0 or GPL-2.0-or-later, at choice. LICENSE.docs: its pages.
	"github.com/spdx/tools-golang": "Apache-2.0 AND CC-BY-4.0",
	// LICENSE-3RD-PARTY.md: parts of Go, musl and netdb, translated from C to Go.
	"modernc.org/libc": "BSD-3-Clause AND MIT",
	// LICENSE-LOGO is the address of a picture.
	"modernc.org/memory": "BSD-3-Clause",
	// LICENSE-SQLITE gives SQLite to everybody; LICENSE-3RD-PARTY.md lists the modules that build it.
	"modernc.org/sqlite": "BSD-3-Clause AND MIT AND blessing",
}

// termsOf finds a module's files with terms, and the licences that they state.
func termsOf(module, folder string) (texts []string, licence string, err error) {
	if licence = stated[module]; licence == "" {
		return licencesIn(folder)
	}
	texts, err = filepath.Glob(filepath.Join(folder, "LICENSE*"))
	return texts, licence, err
}

// licencesIn does the same for the files at the top of a folder.
func licencesIn(folder string) (texts []string, licence string, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, "", err
	}
	for _, entry := range entries {
		file, name := filepath.Join(folder, entry.Name()), strings.ToUpper(entry.Name())
		switch {
		case entry.IsDir() || strings.HasSuffix(name, ".GO"):
		case strings.HasPrefix(name, "LICEN") || strings.HasPrefix(name, "COPYING"):
			found, err := licenceOf(file)
			if err != nil {
				return nil, "", err
			}
			texts = append(texts, file)
			if licence == "" {
				licence = found
			} else if !strings.Contains(licence, found) {
				licence += " AND " + found
			}
		case strings.HasPrefix(name, "NOTICE"):
			texts = append(texts, file)
		}
	}
	if licence == "" {
		return nil, "", fmt.Errorf("no file with a licence in %s", folder)
	}
	return texts, licence, nil
}

// recognised is the share of a text, in percent, that must match a known licence.
const recognised = 75

func licenceOf(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	coverage := licensecheck.Scan(text)
	var names []string
	for _, match := range coverage.Match {
		if !match.IsURL && !slices.Contains(names, match.ID) {
			names = append(names, match.ID)
		}
	}
	if coverage.Percent < recognised || len(names) == 0 {
		return "", fmt.Errorf("%s matches no known licence: %.0f %% of it match %v", file, coverage.Percent, names)
	}
	slices.Sort(names)
	return strings.Join(names, " AND "), nil
}
