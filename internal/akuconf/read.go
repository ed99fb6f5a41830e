package akuconf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// byteOrder begins a UTF-8 file that Windows wrote.
const byteOrder = "\ufeff"

// errUTF16 is one fault for the whole file, because no line of it can be read.
var errUTF16 = errors.New("the file is in UTF-16, as Windows writes it: convert it with iconv -f UTF-16 -t UTF-8 aku.conf > aku-utf8.conf, and import that")

// Read reads aku.conf, or the manifest of a ConfigMap that holds it. Faults have the line numbers
// of the file.
func Read(file []byte) (Config, error) {
	if bytes.HasPrefix(file, []byte("\xff\xfe")) || bytes.HasPrefix(file, []byte("\xfe\xff")) || bytes.IndexByte(file, 0) >= 0 {
		return Config{}, errUTF16
	}
	text := strings.TrimPrefix(string(file), byteOrder)
	conf, line, err := fromManifest(text)
	switch {
	case err != nil:
		return Config{}, err
	case line > 0:
		return parseFrom(conf, line)
	}
	return Parse(text)
}

// fromManifest returns the text of aku.conf in a ConfigMap, and the line on which it begins. The
// line is 0 when the text is not a manifest.
func fromManifest(text string) (conf string, line int, err error) {
	if !strings.Contains(text, "apiVersion") {
		return "", 0, nil
	}
	var found []yaml.Node
	manifests := false
	documents := yaml.NewDecoder(strings.NewReader(text))
	for {
		var document yaml.Node
		err := documents.Decode(&document)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			if manifests {
				return "", 0, fmt.Errorf("this seems to be a manifest, but it is no YAML: %w", err)
			}
			return "", 0, nil
		}
		var manifest struct {
			APIVersion string               `yaml:"apiVersion"`
			Data       map[string]yaml.Node `yaml:"data"`
		}
		_ = document.Decode(&manifest) // what is something else stays empty
		if manifest.APIVersion == "" {
			continue
		}
		manifests = true
		for _, value := range manifest.Data {
			if strings.Contains(value.Value, "AKU_") || strings.Contains(value.Value, "REPLICATIONS") {
				found = append(found, value)
			}
		}
	}
	slices.SortFunc(found, func(a, b yaml.Node) int { return a.Line - b.Line })
	switch {
	case !manifests:
		return "", 0, nil
	case len(found) == 0:
		return "", 0, errors.New("the manifest has no ConfigMap with an aku.conf in its data: import the file itself")
	case len(found) > 1:
		return "", 0, fmt.Errorf("the manifest has more than one aku.conf, on lines %d and %d: import the right one by itself", found[0].Line, found[1].Line)
	}
	value := found[0]
	line = value.Line
	if value.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		line++ // the text begins below its | or >
	}
	return value.Value, line, nil
}
