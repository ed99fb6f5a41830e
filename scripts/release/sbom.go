package main

import (
	"crypto/sha1" // SPDX 2.3 asks for it beside a better one
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"time"

	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx/v2/common"
	spdx "github.com/spdx/tools-golang/spdx/v2/v2_3"
)

// writeSBOMs writes one for each program and one for the image.
func writeSBOMs(s *source, contents contents, image image, file func(string) string) error {
	for _, program := range programs {
		doc := s.document(program, image)
		var modules []part
		for _, p := range contents {
			if slices.Contains(p.programs, program) {
				modules = append(modules, p)
			}
		}
		if err := s.describe(doc, modules, []string{"bin/" + program}); err != nil {
			return err
		}
		if err := save(doc, file(program+"-%s.spdx.json")); err != nil {
			return err
		}
	}
	doc := s.document("aku-image", image)
	doc.Packages[0].PackageChecksums = []common.Checksum{{Algorithm: common.SHA256, Value: image.digest.Hex}}
	if err := s.describe(doc, contents, []string{"bin/aku-init", "bin/aku-prestop", "lib/gconv/gconv-modules"}); err != nil {
		return err
	}
	return save(doc, file("aku-image-%s.spdx.json"))
}

// document begins one that describes a thing of ours.
func (s *source) document(name string, image image) *spdx.Document {
	own := &spdx.Package{
		PackageName: name, PackageSPDXIdentifier: "own", PackageVersion: image.version,
		PackageDownloadLocation: "NOASSERTION", PackageLicenseConcluded: "Apache-2.0", PackageLicenseDeclared: "Apache-2.0", PackageCopyrightText: "NOASSERTION",
	}
	return &spdx.Document{
		SPDXVersion: spdx.Version, DataLicense: spdx.DataLicense, SPDXIdentifier: "DOCUMENT", DocumentName: name,
		DocumentNamespace: fmt.Sprintf("https://spdx.org/spdxdocs/%s-%s-%s", name, image.version, image.digest.Hex),
		CreationInfo: &spdx.CreationInfo{
			Created:  s.when.Format(time.RFC3339),
			Creators: []common.Creator{{CreatorType: "Tool", Creator: "aku-release"}},
		},
		Packages:      []*spdx.Package{own},
		Relationships: []*spdx.Relationship{relation("DOCUMENT", "DESCRIBES", "own")},
	}
}

// describe adds what others made, and the files: ours belong to the thing itself.
func (s *source) describe(doc *spdx.Document, parts []part, ours []string) error {
	add := func(owner common.ElementID, file string) error {
		content, err := os.ReadFile(s.bundle(file))
		if err != nil {
			return err
		}
		digest, err := sha256Of(s.bundle(file))
		if err != nil {
			return err
		}
		short := sha1.Sum(content)
		id := common.ElementID(fmt.Sprintf("file-%d", len(doc.Files)))
		doc.Files = append(doc.Files, &spdx.File{
			FileName: "./opt/aku/" + file, FileSPDXIdentifier: id, LicenseConcluded: "NOASSERTION", LicenseInfoInFiles: []string{"NOASSERTION"}, FileCopyrightText: "NOASSERTION",
			Checksums: []common.Checksum{{Algorithm: common.SHA1, Value: hex.EncodeToString(short[:])}, {Algorithm: common.SHA256, Value: digest}},
		})
		doc.Relationships = append(doc.Relationships, relation(owner, "CONTAINS", id))
		return nil
	}
	for _, file := range ours {
		if err := add("own", file); err != nil {
			return err
		}
	}
	for n, p := range parts {
		id := common.ElementID(fmt.Sprintf("part-%d", n))
		doc.Packages = append(doc.Packages, &spdx.Package{
			PackageName: p.name, PackageSPDXIdentifier: id, PackageVersion: p.version,
			PackageDownloadLocation: "NOASSERTION", PackageLicenseConcluded: p.licence, PackageLicenseDeclared: p.licence, PackageCopyrightText: "NOASSERTION",
			PackageExternalReferences: []*spdx.PackageExternalReference{{Category: common.CategoryPackageManager, RefType: common.TypePackageManagerPURL, Locator: p.url}},
		})
		doc.Relationships = append(doc.Relationships, relation("own", "CONTAINS", id))
		for _, file := range p.files {
			if err := add(id, file); err != nil {
				return err
			}
		}
	}
	return nil
}

func relation(from common.ElementID, kind string, to common.ElementID) *spdx.Relationship {
	return &spdx.Relationship{RefA: common.DocElementID{ElementRefID: from}, Relationship: kind, RefB: common.DocElementID{ElementRefID: to}}
}

func save(doc *spdx.Document, name string) (err error) {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() {
		if closed := file.Close(); err == nil {
			err = closed
		}
	}()
	return spdxjson.Write(doc, file, spdxjson.Indent("  "))
}
