package akuconf

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// kind is the kind of a token.
type kind int

const (
	word kind = iota
	equals
	open
	shut
	comma
	end
)

// token is a piece of the file. Text has no quotes around it; raw has them.
type token struct {
	kind      kind
	text, raw string
	line      int
}

var signs = map[string]kind{"=": equals, "(": open, ")": shut, ",": comma}

// pieces are line ends, comments, signs and words. Parts of a word may be in quotes. A quote ends
// at the end of its line at the latest.
var pieces = regexp.MustCompile(`\n|#[^\n]*|[=(),]|(?:"[^"\n]*"|[^ \t\r\n#=(),"])+(?:"[^"\n]*)?|"[^"\n]*`)

// scan splits a file, whose first line has the given number, into tokens. The last token is an end.
// Comments may have any encoding.
func (p *parser) scan(text string, line int) []token {
	var tokens []token
	garbled := 0 // the line of the last word that is not UTF-8
	for _, raw := range pieces.FindAllString(text, -1) {
		sign, isSign := signs[raw]
		switch {
		case raw == "\n":
			line++
		case raw[0] == '#':
		case isSign:
			tokens = append(tokens, token{sign, raw, raw, line})
		default:
			if strings.Count(raw, `"`)%2 > 0 {
				p.fault(line, "the quote is not closed")
			}
			if !utf8.ValidString(raw) && line != garbled {
				garbled = line
				p.fault(line, "this is not UTF-8; text in EUC-KR is made so with iconv -f EUC-KR -t UTF-8 aku.conf > aku-utf8.conf")
			}
			plain := raw
			if len(raw) > 1 && raw[0] == '"' && strings.Index(raw[1:], `"`) == len(raw)-2 {
				plain = raw[1 : len(raw)-1]
			}
			tokens = append(tokens, token{word, plain, raw, line})
		}
	}
	return append(tokens, token{kind: end, text: "end of file", line: line})
}
