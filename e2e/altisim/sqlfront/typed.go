package sqlfront

import "strconv"

// typedLiterals are the types that can precede a text, as in BYTE'0A', and whether the text is then a number.
var typedLiterals = map[string]bool{
	"CHAR": false, "VARCHAR": false, "NCHAR": false, "NVARCHAR": false, "DATE": false,
	"BYTE": false, "VARBYTE": false, "NIBBLE": false, "BIT": false, "VARBIT": false,
	"INTEGER": true, "SMALLINT": true, "BIGINT": true, "NUMERIC": true, "FLOAT": true, "REAL": true, "DOUBLE": true,
}

// typed rewrites a typed literal to its text. Binary values stay the digits in which they are written. A REAL
// has 32 bits, so most of them do not equal the plain number of the same digits.
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
	case t.Text == "REAL":
		f, err := strconv.ParseFloat(value.Text, 32)
		if err != nil {
			r.emit("(" + value.Text + ")")
			break
		}
		r.emit("(" + strconv.FormatFloat(f, 'g', -1, 64) + ")")
	case number:
		r.emit("(" + value.Text + ")")
	default:
		r.emit(literal(value.Text))
	}
	return true
}
