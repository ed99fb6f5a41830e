package settings

import (
	"fmt"
	"strings"

	"aku/internal/akucore"
)

// maxTableNameBytes is the server's limit for users, tables and partitions.
const maxTableNameBytes = 128

// parseTables reads `USER.TABLE[ PARTITION P]` items, separated by commas or line
// ends. Names are folded to upper case unless they are quoted, as the server does.
func parseTables(list string) (tables []akucore.Table, faults []string) {
	for _, item := range splitItems(list) {
		t, err := ParseTable(item)
		if err != nil {
			faults = append(faults, err.Error())
			continue
		}
		tables = append(tables, t)
	}
	return tables, faults
}

// splitItems splits at commas and line ends outside of quotes.
func splitItems(list string) []string {
	var items []string
	quoted := false
	start := 0
	for i, c := range list + "\n" {
		if c == '"' {
			quoted = !quoted
		}
		if (c == ',' || c == '\n') && (!quoted || i == len(list)) {
			if item := strings.TrimSpace(list[start:i]); item != "" {
				items = append(items, item)
			}
			start = i + 1
		}
	}
	return items
}

// ParseTable reads one item of the form USER.TABLE or USER.TABLE PARTITION P.
func ParseTable(item string) (akucore.Table, error) {
	t, err := parseTable(item)
	if err != nil {
		err = fmt.Errorf("%q is not USER.TABLE or USER.TABLE PARTITION P: %w", item, err)
	}
	return t, err
}

func parseTable(item string) (akucore.Table, error) {
	var t akucore.Table
	user, rest, err := takeName(item)
	if err != nil {
		return t, fmt.Errorf("user: %w", err)
	}
	rest, ok := strings.CutPrefix(rest, ".")
	if !ok {
		return t, fmt.Errorf("a dot must follow the user %s", user)
	}
	name, rest, err := takeName(rest)
	if err != nil {
		return t, fmt.Errorf("table: %w", err)
	}
	t.User, t.Name = user, name
	if rest = strings.TrimSpace(rest); rest == "" {
		return t, nil
	}
	keyword, partition, _ := strings.Cut(rest, " ")
	if !strings.EqualFold(keyword, "PARTITION") {
		return t, fmt.Errorf("%q follows the table", rest)
	}
	t.Partition, rest, err = takeName(strings.TrimSpace(partition))
	if err != nil {
		return t, fmt.Errorf("partition: %w", err)
	}
	if rest != "" {
		return t, fmt.Errorf("%q follows the partition", rest)
	}
	return t, nil
}

// takeName takes a plain or quoted name off the front.
func takeName(text string) (name, rest string, err error) {
	if quoted, ok := strings.CutPrefix(text, `"`); ok {
		name, rest, ok = strings.Cut(quoted, `"`)
		if !ok {
			return "", "", fmt.Errorf("the quote is not closed")
		}
	} else {
		end := strings.IndexFunc(text, func(c rune) bool {
			return !(c == '_' || c == '$' || c == '#' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c > 127)
		})
		if end < 0 {
			end = len(text)
		}
		name, rest = strings.ToUpper(text[:end]), text[end:]
	}
	switch {
	case name == "":
		return "", "", fmt.Errorf("the name is empty")
	case strings.Contains(name, "'"):
		return "", "", fmt.Errorf("the server takes no name with a single quote in it")
	case len(name) > maxTableNameBytes:
		return "", "", fmt.Errorf("the name is %d bytes long, at most %d are allowed", len(name), maxTableNameBytes)
	}
	return name, rest, nil
}
