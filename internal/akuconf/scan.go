package akuconf

import (
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

var signs = map[byte]kind{'=': equals, '(': open, ')': shut, ',': comma}

// scan splits a file, whose first line has the given number, into tokens. The last token is an end.
// Comments may have any encoding.
func (p *parser) scan(text string, line int) []token {
	var tokens []token
	garbled := 0 // the line of the last word that is not UTF-8
	for i := 0; i < len(text); {
		c := text[i]
		sign, isSign := signs[c]
		switch {
		case c == '\n':
			line++
			i++
		case c == ' ' || c == '\t' || c == '\r':
			i++
		case c == '#':
			for i < len(text) && text[i] != '\n' {
				i++
			}
		case isSign:
			tokens = append(tokens, token{sign, string(c), string(c), line})
			i++
		default:
			length := p.word(text[i:], line)
			raw := text[i : i+length]
			if !utf8.ValidString(raw) && line != garbled {
				garbled = line
				p.fault(line, "this is not UTF-8; text in EUC-KR is made so with iconv -f EUC-KR -t UTF-8 aku.conf > aku-utf8.conf")
			}
			plain := raw
			if len(raw) > 1 && raw[0] == '"' && strings.Index(raw[1:], `"`) == len(raw)-2 {
				plain = raw[1 : len(raw)-1]
			}
			tokens = append(tokens, token{word, plain, raw, line})
			i += length
		}
	}
	return append(tokens, token{kind: end, text: "end of file", line: line})
}

// word returns the length of a word. Parts of a word may be in quotes. A quote ends at the end of
// its line at the latest.
func (p *parser) word(text string, line int) int {
	quoted := false
	for i := range len(text) {
		c := text[i]
		switch {
		case c == '\n' && quoted:
			p.fault(line, "the quote is not closed")
			return i
		case c == '"':
			quoted = !quoted
		case !quoted && strings.IndexByte(" \t\r\n#=(),", c) >= 0:
			return i
		}
	}
	if quoted {
		p.fault(line, "the quote is not closed")
	}
	return len(text)
}
