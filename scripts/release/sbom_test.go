package main

import (
	"bytes"
	"crypto/sha1" // SPDX 2.3 sums a package up with it
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/github/go-spdx/v2/spdxexp"
	"github.com/package-url/packageurl-go"
	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdxlib"
)

// An sbom is a document as in the file, without a type of the library that wrote it.
type sbom struct {
	SPDXVersion, DataLicense, SPDXID, Name, DocumentNamespace string

	CreationInfo struct {
		Created  string
		Creators []string
	}
	Packages []struct {
		SPDXID, Name, VersionInfo, DownloadLocation, LicenseConcluded, LicenseDeclared, CopyrightText string

		FilesAnalyzed           bool
		PackageVerificationCode *struct{ PackageVerificationCodeValue string }
		LicenseInfoFromFiles    []string
		ExternalRefs            []struct{ ReferenceCategory, ReferenceType, ReferenceLocator string }
	}
	Files []struct {
		SPDXID, FileName, LicenseConcluded, CopyrightText string

		LicenseInfoInFiles []string
		Checksums          []struct{ Algorithm, ChecksumValue string }
	}
	Relationships []struct{ SPDXElementID, RelationshipType, RelatedSPDXElement string }
}

func TestSBOM_IsValidSPDX23(t *testing.T) {
	_, out := released(t, "")
	files, err := filepath.Glob(filepath.Join(out, "*.spdx.json"))
	if err != nil || len(files) != 3 {
		t.Fatalf("%v: %v", err, files)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range faultsOfSBOM(text) {
			t.Errorf("%s: %s", filepath.Base(file), fault)
		}
	}
}

var (
	identifier = regexp.MustCompile(`^SPDXRef-[A-Za-z0-9.-]+$`)
	checksum   = map[string]*regexp.Regexp{"SHA1": regexp.MustCompile(`^[0-9a-f]{40}$`), "SHA256": regexp.MustCompile(`^[0-9a-f]{64}$`)}
)

// faultsOfSBOM checks a document against SPDX 2.3, by the numbers of its sections. Other libraries than the
// writer's read its licences and package URLs.
func faultsOfSBOM(text []byte) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	read, err := spdxjson.Read(bytes.NewReader(text))
	if err == nil {
		err = spdxlib.ValidateDocument(read)
	}
	if err != nil {
		fault("%v", err)
	}
	var doc sbom
	if err := json.Unmarshal(text, &doc); err != nil {
		return append(faults, err.Error())
	}
	if doc.SPDXVersion != "SPDX-2.3" || doc.DataLicense != "CC0-1.0" || doc.SPDXID != "SPDXRef-DOCUMENT" || doc.Name == "" {
		fault("6.1-6.4: version %s, licence of the data %s, id %s, name %q", doc.SPDXVersion, doc.DataLicense, doc.SPDXID, doc.Name)
	}
	if where, err := url.Parse(doc.DocumentNamespace); err != nil || !where.IsAbs() || strings.Contains(doc.DocumentNamespace, "#") {
		fault("6.5: namespace %q", doc.DocumentNamespace)
	}
	if _, err := time.Parse("2006-01-02T15:04:05Z", doc.CreationInfo.Created); err != nil {
		fault("6.9: %v", err)
	}
	for _, creator := range doc.CreationInfo.Creators {
		if kind, _, _ := strings.Cut(creator, ": "); !slices.Contains([]string{"Person", "Organization", "Tool"}, kind) {
			fault("6.8: creator %q", creator)
		}
	}
	elements := map[string]bool{doc.SPDXID: true}
	element := func(id string) {
		if !identifier.MatchString(id) || elements[id] {
			fault("7.2, 8.2: %q is no identifier, or that of two elements", id)
		}
		elements[id] = true
	}
	licence := func(of, expression string) {
		if ok, wrong := spdxexp.ValidateLicenses([]string{expression}); !ok && expression != "NOASSERTION" {
			fault("annex D: %s has licence %v", of, wrong)
		}
	}
	sha1s := map[string]string{}
	for _, f := range doc.Files {
		element(f.SPDXID)
		licence(f.FileName, f.LicenseConcluded)
		if !strings.HasPrefix(f.FileName, "./") || f.CopyrightText == "" || len(f.LicenseInfoInFiles) == 0 {
			fault("8.1, 8.6, 8.8: %+v", f)
		}
		for _, sum := range f.Checksums {
			if form := checksum[sum.Algorithm]; form == nil || !form.MatchString(sum.ChecksumValue) {
				fault("8.4: %s has %s %s", f.FileName, sum.Algorithm, sum.ChecksumValue)
			}
			if sum.Algorithm == "SHA1" {
				sha1s[f.SPDXID] = sum.ChecksumValue
			}
		}
		if sha1s[f.SPDXID] == "" {
			fault("8.4: %s has no SHA1", f.FileName)
		}
	}
	for _, p := range doc.Packages {
		element(p.SPDXID)
	}
	contained := map[string][]string{} // package → SHA1 of its files
	described := 0
	for _, r := range doc.Relationships {
		if !elements[r.SPDXElementID] || !elements[r.RelatedSPDXElement] {
			fault("11.1: %+v is between elements that are not there", r)
		}
		if sum := sha1s[r.RelatedSPDXElement]; r.RelationshipType == "CONTAINS" && sum != "" {
			contained[r.SPDXElementID] = append(contained[r.SPDXElementID], sum)
			delete(sha1s, r.RelatedSPDXElement)
		}
		if r.RelationshipType == "DESCRIBES" && r.SPDXElementID == doc.SPDXID {
			described++
		}
	}
	if described != 1 {
		fault("11.1: the document describes %d things", described)
	}
	for id := range sha1s {
		fault("11.1: file %s is in no package", id)
	}
	for _, p := range doc.Packages {
		licence(p.Name, p.LicenseConcluded)
		licence(p.Name, p.LicenseDeclared)
		if p.Name == "" || p.DownloadLocation == "" || p.CopyrightText == "" {
			fault("7.1, 7.7, 7.17: %+v", p)
		}
		sums := contained[p.SPDXID]
		slices.Sort(sums)
		code := sha1.Sum([]byte(strings.Join(sums, "")))
		switch {
		case p.FilesAnalyzed != (len(sums) > 0):
			fault("7.8: %s has %d files, filesAnalyzed is %v", p.Name, len(sums), p.FilesAnalyzed)
		case p.FilesAnalyzed && (p.PackageVerificationCode == nil || p.PackageVerificationCode.PackageVerificationCodeValue != hex.EncodeToString(code[:])):
			fault("7.9: verification code of %s: %+v, want %x", p.Name, p.PackageVerificationCode, code)
		case !p.FilesAnalyzed && (p.PackageVerificationCode != nil || p.LicenseInfoFromFiles != nil):
			fault("7.9, 7.14: %s has no files, but what is said of files", p.Name)
		}
		for _, ref := range p.ExternalRefs {
			parsed, err := packageurl.FromString(ref.ReferenceLocator)
			if err != nil || ref.ReferenceType != "purl" || !strings.HasPrefix(ref.ReferenceCategory, "PACKAGE") {
				fault("7.21: %s: %v %+v", p.Name, err, ref)
			} else if name := strings.TrimPrefix(parsed.Namespace+"/"+parsed.Name, "/"); parsed.Version != p.VersionInfo || !strings.HasSuffix(name, p.Name) {
				fault("7.21: %s %s is said to be %s %s", p.Name, p.VersionInfo, name, parsed.Version)
			}
		}
	}
	return faults
}

func TestSBOM_WhatIsNotValidIsFound(t *testing.T) {
	const good = `{"spdxVersion":"SPDX-2.3","dataLicense":"CC0-1.0","SPDXID":"SPDXRef-DOCUMENT","name":"n","documentNamespace":"https://example.org/n",
"creationInfo":{"created":"2026-01-02T03:04:05Z","creators":["Tool: t"]},
"packages":[{"SPDXID":"SPDXRef-own","name":"p","versionInfo":"1","downloadLocation":"NOASSERTION","licenseConcluded":"MIT","licenseDeclared":"MIT","copyrightText":"NOASSERTION",
"filesAnalyzed":true,"packageVerificationCode":{"packageVerificationCodeValue":"10a34637ad661d98ba3344717656fcc76209c2f8"},"licenseInfoFromFiles":["NOASSERTION"],
"externalRefs":[{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:golang/p@1"}]}],
"files":[{"SPDXID":"SPDXRef-f","fileName":"./f","licenseConcluded":"NOASSERTION","licenseInfoInFiles":["NOASSERTION"],"copyrightText":"NOASSERTION",
"checksums":[{"algorithm":"SHA1","checksumValue":"da39a3ee5e6b4b0d3255bfef95601890afd80709"}]}],
"relationships":[{"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":"DESCRIBES","relatedSpdxElement":"SPDXRef-own"},
{"spdxElementId":"SPDXRef-own","relationshipType":"CONTAINS","relatedSpdxElement":"SPDXRef-f"}]}`
	if faults := faultsOfSBOM([]byte(good)); len(faults) > 0 {
		t.Errorf("a valid document: %v", faults)
	}
	for old, c := range map[string][2]string{
		`SPDX-2.3`:                         {"SPDX-2.4", "2.4"},
		`"CC0-1.0"`:                        {`"MIT"`, "6.1"},
		`https://example.org/n`:            {"here", "6.5"},
		`03:04:05Z`:                        {"03:04:05+01:00", "6.9"},
		`Tool: t`:                          {"t", "t"},
		`"licenseConcluded":"MIT"`:         {`"licenseConcluded":"Mine"`, "annex D"},
		`"filesAnalyzed":true`:             {`"filesAnalyzed":false`, "7.8"},
		`10a34637`:                         {"bd10eba5", "7.9"},
		`pkg:golang/p@1`:                   {"pkg:golang/p@2", "7.21"},
		`golang/p@1`:                       {"", "7.21"},
		`"./f"`:                            {`"f"`, "8.1"},
		`"SHA1"`:                           {`"MD5"`, "8.4"},
		`"relatedSpdxElement":"SPDXRef-f"`: {`"relatedSpdxElement":"SPDXRef-g"`, "11.1"},
		`"DESCRIBES"`:                      {`"CONTAINS"`, "11.1"},
		`"SPDXRef-f","fileName"`:           {`"SPDXRef-own","fileName"`, "7.2"},
	} {
		if !strings.Contains(good, old) {
			t.Fatalf("there is no %s", old)
		}
		if faults := strings.Join(faultsOfSBOM([]byte(strings.Replace(good, old, c[0], 1))), "\n"); !strings.Contains(faults, c[1]) {
			t.Errorf("%s in place of %s: %q, want %s", c[0], old, faults, c[1])
		}
	}
}
