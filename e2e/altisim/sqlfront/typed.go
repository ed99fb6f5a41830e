package sqlfront

// typedLiterals are the types that can stand before a text, as in BYTE'0A', and whether
// the text is a number then.
var typedLiterals = map[string]bool{
	"CHAR": false, "VARCHAR": false, "NCHAR": false, "NVARCHAR": false, "DATE": false,
	"BYTE": false, "VARBYTE": false, "NIBBLE": false, "BIT": false, "VARBIT": false,
	"INTEGER": true, "SMALLINT": true, "BIGINT": true, "NUMERIC": true, "FLOAT": true, "REAL": true, "DOUBLE": true,
}

// typed rewrites a typed literal: the text alone. Binary values are kept as the digits
// that they are written with.
func (r *rewriter) typed(t Token) bool {
	number, known := typedLiterals[t.Text]
	value := r.tok(0)
	if !known || value.Kind != Text || value.From != t.To {
		return false
	}
	r.at++
	switch {
	case value.Text == "":
		r.emit("NULL")
	case number:
		r.emit("(" + value.Text + ")")
	default:
		r.emit(literal(value.Text))
	}
	return true
}
