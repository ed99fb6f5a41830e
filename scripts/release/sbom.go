package main

import (
	"crypto/sha1" // SPDX 2.3 requires it beside a better one
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"time"

	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx/v2/common"
	spdx "github.com/spdx/tools-golang/spdx/v2/v2_3"
	"github.com/spdx/tools-golang/utils"
)

// writeSBOMs writes an SBOM for each program and one for the image.
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

// document begins the SBOM of a program or of the image.
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

// describe adds the parts and the files. Our own files belong to the described thing itself.
func (s *source) describe(doc *spdx.Document, parts []part, ours []string) error {
	if err := s.addFiles(doc, doc.Packages[0], ours); err != nil {
		return err
	}
	for n, p := range parts {
		id := common.ElementID(fmt.Sprintf("part-%d", n))
		described := &spdx.Package{
			PackageName: p.name, PackageSPDXIdentifier: id, PackageVersion: p.version,
			PackageDownloadLocation: "NOASSERTION", PackageLicenseConcluded: p.licence, PackageLicenseDeclared: p.licence, PackageCopyrightText: "NOASSERTION",
			PackageExternalReferences: []*spdx.PackageExternalReference{{Category: common.CategoryPackageManager, RefType: common.TypePackageManagerPURL, Locator: p.url}},
		}
		doc.Packages = append(doc.Packages, described)
		doc.Relationships = append(doc.Relationships, relation("own", "CONTAINS", id))
		if err := s.addFiles(doc, described, p.files); err != nil {
			return err
		}
	}
	return nil
}

// addFiles adds the files of a package. SPDX requires that a package with files says so and has a sum over
// them.
func (s *source) addFiles(doc *spdx.Document, owner *spdx.Package, names []string) error {
	if len(names) == 0 {
		return nil
	}
	var files []*spdx.File
	for _, name := range names {
		content, err := os.ReadFile(s.bundle(name))
		if err != nil {
			return err
		}
		digest, err := sha256Of(s.bundle(name))
		if err != nil {
			return err
		}
		short := sha1.Sum(content)
		id := common.ElementID(fmt.Sprintf("file-%d", len(doc.Files)+len(files)))
		files = append(files, &spdx.File{
			FileName: "./opt/aku/" + name, FileSPDXIdentifier: id, LicenseConcluded: "NOASSERTION", LicenseInfoInFiles: []string{"NOASSERTION"}, FileCopyrightText: "NOASSERTION",
			Checksums: []common.Checksum{{Algorithm: common.SHA1, Value: hex.EncodeToString(short[:])}, {Algorithm: common.SHA256, Value: digest}},
		})
		doc.Relationships = append(doc.Relationships, relation(owner.PackageSPDXIdentifier, "CONTAINS", id))
	}
	code, err := utils.GetVerificationCode(files, "")
	if err != nil {
		return err
	}
	doc.Files = append(doc.Files, files...)
	owner.FilesAnalyzed, owner.IsFilesAnalyzedTagPresent, owner.PackageVerificationCode = true, true, &code
	owner.PackageLicenseInfoFromFiles = []string{"NOASSERTION"}
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
