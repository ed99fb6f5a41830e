// Package sqlfront reads the SQL of the stand-in. It splits text into tokens and statements, parses what the
// server itself must understand (DDL, replication, ALTER SYSTEM …), and rewrites queries for SQLite.
package sqlfront

import (
	"strings"

	"aku/e2e/altisim/engine"
)

// Kind is the kind of a token.
type Kind byte

// The kinds of tokens.
const (
	Word   Kind = iota + 1 // unquoted: folded to upper case
	Quoted                 // "name", without its quotes
	Text                   // 'text', without its quotes
	Number
	Param // ? or $n
	Op
	End
)

// Token is a piece of a statement.
type Token struct {
	Kind     Kind
	Text     string
	From, To int // in the source
	Escapes  bool
}

// Is reports whether the token is the given keyword or operator.
func (t Token) Is(text string) bool { return (t.Kind == Word || t.Kind == Op) && t.Text == text }

// SyntaxError is ERR-31001 with its place.
func SyntaxError(source string, at int) error {
	at = min(at, len(source))
	line := 1 + strings.Count(source[:at], "\n")
	return engine.Errorf(0x31001, "SQL syntax error \n\nline %d: parse error\n%s\n%s^\n\n", line, source, strings.Repeat(" ", at))
}

// Tokens splits source and drops comments.
func Tokens(source string) ([]Token, error) {
	var out []Token
	for i := 0; i < len(source); {
		c := source[i]
		start := i
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == 0:
			i++
			continue
		case strings.HasPrefix(source[i:], "--"):
			if n := strings.IndexByte(source[i:], '\n'); n >= 0 {
				i += n
			} else {
				i = len(source)
			}
			continue
		case strings.HasPrefix(source[i:], "/*"):
			n := strings.Index(source[i+2:], "*/")
			if n < 0 {
				return nil, SyntaxError(source, i)
			}
			i += n + 4
			continue
		case c == '\'' || i+1 < len(source) && source[i+1] == '\'' && strings.IndexByte("EeNn", c) >= 0:
			escapes := c == 'E' || c == 'e'
			if c != '\'' {
				i++
			}
			text, n, ok := quoted(source[i:], escapes)
			if !ok {
				return nil, SyntaxError(source, start)
			}
			i += n
			out = append(out, Token{Kind: Text, Text: text, From: start, To: i})
		case c == '"':
			text, n, ok := quoted(source[i:], false)
			if !ok {
				return nil, SyntaxError(source, start)
			}
			i += n
			out = append(out, Token{Kind: Quoted, Text: text, From: start, To: i})
		case letter(c):
			for i < len(source) && (letter(source[i]) || digit(source[i]) || source[i] == '$' || source[i] == '#') {
				i++
			}
			out = append(out, Token{Kind: Word, Text: strings.ToUpper(source[start:i]), From: start, To: i})
		case digit(c) || c == '.' && i+1 < len(source) && digit(source[i+1]):
			for i < len(source) && (digit(source[i]) || source[i] == '.' ||
				(source[i] == 'e' || source[i] == 'E') && i+1 < len(source) && (digit(source[i+1]) || source[i+1] == '-' || source[i+1] == '+') ||
				(source[i] == '-' || source[i] == '+') && (source[i-1] == 'e' || source[i-1] == 'E')) {
				i++
			}
			out = append(out, Token{Kind: Number, Text: source[start:i], From: start, To: i})
		case c == '?':
			i++
			out = append(out, Token{Kind: Param, Text: "?", From: start, To: i})
		case c == '$' && i+1 < len(source) && digit(source[i+1]):
			for i++; i < len(source) && digit(source[i]); i++ {
			}
			out = append(out, Token{Kind: Param, Text: source[start:i], From: start, To: i})
		default:
			i++
			for _, two := range []string{"<=", ">=", "<>", "!=", "||", "::", "^="} {
				if strings.HasPrefix(source[start:], two) {
					i = start + 2
				}
			}
			out = append(out, Token{Kind: Op, Text: source[start:i], From: start, To: i})
		}
	}
	return out, nil
}

func letter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}
func digit(c byte) bool { return c >= '0' && c <= '9' }

// quoted reads a quoted piece and returns its text and length.
func quoted(s string, escapes bool) (string, int, bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == s[0] && i+1 < len(s) && s[i+1] == s[0]:
			b.WriteByte(s[0])
			i++
		case s[i] == s[0]:
			return b.String(), i + 1, true
		case escapes && s[i] == '\\' && i+1 < len(s):
			i++
			if n := strings.IndexByte("ntrbf", s[i]); n >= 0 {
				b.WriteByte("\n\t\r\b\f"[n])
			} else {
				b.WriteByte(s[i])
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return "", 0, false
}

// Statement is one statement of a text.
type Statement struct {
	Source string
	Tokens []Token // positions are relative to Source
}

// Split reads all statements of a text.
func Split(text string) ([]Statement, error) {
	tokens, err := Tokens(text)
	if err != nil {
		return nil, err
	}
	var out []Statement
	var one []Token
	flush := func() {
		if len(one) == 0 {
			return
		}
		base := one[0].From
		source := text[base:one[len(one)-1].To]
		for i := range one {
			one[i].From -= base
			one[i].To -= base
		}
		out = append(out, Statement{source, one})
		one = nil
	}
	for _, t := range tokens {
		if t.Is(";") {
			flush()
		} else {
			one = append(one, t)
		}
	}
	flush()
	return out, nil
}

// First returns the leading keywords, which tell statements apart.
func (s Statement) First(n int) string {
	var words []string
	for _, t := range s.Tokens[:min(n, len(s.Tokens))] {
		words = append(words, t.Text)
	}
	return strings.Join(words, " ")
}
