package conformance

import (
	"bufio"
	"fmt"
	"io/fs"
	"strings"
)

// A Fact is a behaviour seen on a real server.
type Fact struct {
	Name, Text string
	// NotStated is the reason why no case shows it, or "".
	NotStated string
}

// Facts reads a list of facts. Each line has a name and the fact.
func Facts(files fs.FS, name string) ([]Fact, error) {
	file, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	var facts []Fact
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		id, text, found := strings.Cut(line, " ")
		text = strings.TrimSpace(text)
		if !found || text == "" {
			return nil, fmt.Errorf("%s: %q has no text", name, line)
		}
		f := Fact{Name: id, Text: text}
		if why, is := strings.CutPrefix(text, "not stated: "); is {
			f.NotStated = why
		}
		facts = append(facts, f)
	}
	return facts, lines.Err()
}
