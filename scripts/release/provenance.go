package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"

	provenance "github.com/in-toto/attestation/go/predicates/provenance/v1"
	statement "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

// buildType says how to repeat the release: check out the commit and run `make release`.
const buildType = "urn:aku:make-release:v1"

// writeProvenance states what each file was made from. It contains no times and no names of machines, which
// would change the bytes. A signature says who made it.
func writeProvenance(s *source, o order, contents contents, image image, file string) error {
	files, err := sums(filepath.Dir(file))
	if err != nil {
		return err
	}
	subjects := []*statement.ResourceDescriptor{{Name: image.name, Digest: map[string]string{image.digest.Algorithm: image.digest.Hex}}}
	for _, f := range files {
		subjects = append(subjects, &statement.ResourceDescriptor{Name: f.name, Digest: map[string]string{"sha256": f.sha256}})
	}
	parameters, err := structpb.NewStruct(map[string]any{"version": o.version, "registry": o.registry, "platform": o.platform, "source": o.source})
	if err != nil {
		return err
	}
	materials := []*statement.ResourceDescriptor{{Name: "source", Uri: o.source, Digest: map[string]string{"gitCommit": s.commit}}}
	for _, p := range contents {
		materials = append(materials, &statement.ResourceDescriptor{Name: p.name, Uri: p.url})
	}
	predicate := &provenance.Provenance{
		BuildDefinition: &provenance.BuildDefinition{BuildType: buildType, ExternalParameters: parameters, ResolvedDependencies: materials},
		RunDetails:      &provenance.RunDetails{Builder: &provenance.Builder{Id: "urn:aku:scripts/release"}},
	}
	if err := predicate.Validate(); err != nil {
		return err
	}
	fields := new(structpb.Struct)
	if err := convert(predicate, fields); err != nil {
		return err
	}
	stated := &statement.Statement{Type: statement.StatementTypeUri, Subject: subjects, PredicateType: "https://slsa.dev/provenance/v1", Predicate: fields}
	if err := stated.Validate(); err != nil {
		return err
	}
	text, err := protojson.Marshal(stated)
	if err != nil {
		return err
	}
	// protojson varies its spaces from build to build on purpose.
	var even bytes.Buffer
	if err := json.Indent(&even, text, "", "  "); err != nil {
		return err
	}
	even.WriteByte('\n')
	return os.WriteFile(file, even.Bytes(), 0o644)
}

func convert(from, to proto.Message) error {
	text, err := protojson.Marshal(from)
	if err != nil {
		return err
	}
	return protojson.Unmarshal(text, to)
}
