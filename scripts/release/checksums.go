package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

func sha256Of(file string) (string, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:]), nil
}

// A sum is the checksum of a file, by its name in the folder of the release.
type sum struct{ name, sha256 string }

func sums(folder string) ([]sum, error) {
	var all []sum
	err := filepath.WalkDir(folder, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, file)
		if err != nil {
			return err
		}
		digest, err := sha256Of(file)
		all = append(all, sum{name: filepath.ToSlash(name), sha256: digest})
		return err
	})
	return all, err
}

// writeChecksums writes SHA256SUMS, which sha256sum --check reads.
func writeChecksums(folder string) error {
	all, err := sums(folder)
	if err != nil {
		return err
	}
	var text strings.Builder
	for _, s := range all {
		fmt.Fprintf(&text, "%s  %s\n", s.sha256, s.name)
	}
	return os.WriteFile(filepath.Join(folder, "SHA256SUMS"), []byte(text.String()), 0o644)
}
