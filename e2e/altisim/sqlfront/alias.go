package sqlfront

import "aku/e2e/altisim/engine"

// duplicateAlias is ERR-3105B: an ORDER BY names, without its table, a column whose name
// the target list has twice.
func duplicateAlias(st Statement, labels []string) error {
	depth, order := 0, -1
	for i, t := range st.Tokens {
		switch {
		case t.Is("("):
			depth++
		case t.Is(")"):
			depth--
		case depth == 0 && t.Is("ORDER"):
			order = i + 2 // BY
		}
	}
	if order < 0 {
		return nil
	}
	for i := order; i < len(st.Tokens); i++ {
		t := st.Tokens[i]
		first := i == order || st.Tokens[i-1].Is(",")
		qualified := i+1 < len(st.Tokens) && (st.Tokens[i+1].Is(".") || st.Tokens[i+1].Is("("))
		if !first || qualified || t.Kind != Word && t.Kind != Quoted {
			continue
		}
		count := 0
		for _, l := range labels {
			if l == t.Text {
				count++
			}
		}
		if count > 1 {
			return engine.Errorf(0x3105B, "Duplicate alias names were found in the target list. \n0001 : %s\n  ^  ^\n", st.Source)
		}
	}
	return nil
}
