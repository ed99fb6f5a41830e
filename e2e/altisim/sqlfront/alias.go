package sqlfront

import (
	"slices"

	"aku/e2e/altisim/engine"
)

// duplicateAlias is the error of a SELECT whose ORDER BY names, without a qualifier, a column that is twice
// in the list.
func duplicateAlias(st Statement, labels []string) error {
	for _, name := range orderedBy(st) {
		if n := slices.Index(labels, name); n >= 0 && slices.Contains(labels[n+1:], name) {
			return engine.Errorf(0x3105B, "Duplicate alias names were found in the target list. \n0001 : %s\n  ^  ^\n", st.Source)
		}
	}
	return nil
}

// orderedBy are the unqualified names in a statement's own ORDER BY.
func orderedBy(st Statement) (names []string) {
	depth, in := 0, false
	for i, t := range st.Tokens {
		switch {
		case t.Is("("):
			depth++
		case t.Is(")"):
			depth--
		case depth > 0:
		case t.Is("BY") && i > 0 && st.Tokens[i-1].Is("ORDER"):
			in = true
		case t.Is("LIMIT"), t.Is("FOR"):
			in = false
		case in && (t.Kind == Word || t.Kind == Quoted) && (st.Tokens[i-1].Is("BY") || st.Tokens[i-1].Is(",")):
			if i+1 == len(st.Tokens) || !st.Tokens[i+1].Is(".") && !st.Tokens[i+1].Is("(") {
				names = append(names, t.Text)
			}
		}
	}
	return names
}
