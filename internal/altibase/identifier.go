package altibase

import "strings"

// reserved are the words of the server's grammar that look like names below: with an
// underscore or a digit in them.
var reserved = map[string]bool{
	"CONNECT_BY_ROOT": true, "CURRENT_DATE": true, "CURRENT_TIMESTAMP": true, "CURRENT_USER": true, "REMOTE_TABLE": true,
	"REMOTE_TABLE_STORE": true, "SHRINK_MEMPOOL": true, "VARIABLE_LARGE": true, "VC2COLL": true,
}

// identifier is a name in a statement. A name is always right in quotes; without them
// the server folds it to upper case, and takes some 300 words for its own, more in every
// version. So only what cannot be such a word stands without.
func identifier(name string) string {
	if name == user || plain(name) {
		return name
	}
	return quoted(name)
}

// plain tells whether a name is made of capitals, and digits or underscores, too.
func plain(name string) bool {
	letters := func(c rune) bool { return c >= 'A' && c <= 'Z' }
	others := func(c rune) bool { return c == '_' || c >= '0' && c <= '9' }
	for i, c := range name {
		if !letters(c) && (i == 0 || !others(c)) {
			return false
		}
	}
	return strings.ContainsFunc(name, others) && !reserved[name]
}

// quoted is a name in quotes. The server knows no name with a quote in it.
func quoted(name string) string { return `"` + name + `"` }

// literal is a text in a statement.
func literal(text string) string {
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}
