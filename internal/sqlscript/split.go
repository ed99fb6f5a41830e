// Package sqlscript splits a script for isql into statements.
//
//   - A statement ends with a semicolon, or with a line that holds nothing but /.
//   - A statement that creates a procedure, function, trigger, package or typeset, and an
//     anonymous block, contains semicolons. It ends only with a line that holds /.
//   - A semicolon in a comment (-- and /* */) or in a quoted text ends nothing. Comments before
//     a statement are left out. Comments inside it stay, because they may be hints or the
//     source of a procedure.
//   - Files may begin with a byte order mark and have lines that end with CR LF.
//
// The package refuses a whole script, and names the line, when the script is not UTF-8, when a
// quote, a comment or a block is not closed, and when it contains a command of isql, which the
// server does not know.
package sqlscript

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Statement is one statement of a script.
type Statement struct {
	Text string // without the semicolon or the line that ends it
	Line int    // of its beginning, from 1
}

// Error is what is wrong with a script.
type Error struct {
	Line int
	Text string
}

func (e *Error) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Text) }

// Split cuts a script. It returns all statements or an *Error.
func Split(script string) ([]Statement, error) {
	if at := notText(script); at >= 0 {
		return nil, &Error{1 + strings.Count(script[:at], "\n"), "it is not UTF-8 text"}
	}
	s := splitter{script: script, line: 1}
	for s.at < len(script) {
		if err := s.step(); err != nil {
			return nil, err
		}
	}
	if s.block {
		return nil, &Error{s.begin.Line, "what begins here holds semicolons, and no line with nothing but / ends it"}
	}
	s.end()
	return s.found, nil
}

// notText is where a script is no UTF-8, or holds what no statement can, or -1.
func notText(script string) int {
	for i, c := range script {
		if c == 0 || c == utf8.RuneError && !strings.HasPrefix(script[i:], string(c)) {
			return i
		}
	}
	return -1
}

// splitter reads a script from its beginning to its end.
type splitter struct {
	script string
	at     int
	line   int // at at
	found  []Statement

	begin Statement // where the present statement begins; Line 0 between two statements
	text  strings.Builder
	words []string // the first ones of the present statement, in capitals
	block bool     // the present statement holds semicolons itself
}

// mostWords is how many words tell what a statement is: CREATE OR REPLACE PACKAGE.
const mostWords = 4

// step reads one token.
func (s *splitter) step() error {
	rest := s.script[s.at:]
	switch c := rest[0]; {
	case strings.HasPrefix(rest, "--"):
		end := strings.IndexByte(rest, '\n')
		if end < 0 {
			end = len(rest)
		}
		s.between(rest[:end])
	case strings.HasPrefix(rest, "/*"):
		end := strings.Index(rest[2:], "*/")
		if end < 0 {
			return &Error{s.line, "a comment begins here, and no */ ends it"}
		}
		s.between(rest[:end+4])
	case c == '\'' || c == '"':
		end := strings.IndexByte(rest[1:], c)
		if end < 0 {
			return &Error{s.line, fmt.Sprintf("a text begins here with %c, and no %c ends it", c, c)}
		}
		s.noteWord("")
		s.take(rest[:end+2])
	case c == '/' && s.alone():
		s.skip(1)
		s.end()
	case c == ';' && !s.block:
		s.skip(1)
		s.end()
	case isSpace(c):
		s.between(rest[:1])
	case strings.HasPrefix(rest, mark): // also of a file that was put behind another one
		s.between(mark)
	case isWord(c):
		end := strings.IndexFunc(rest, func(r rune) bool { return string(r) == mark || r < utf8.RuneSelf && !isWord(byte(r)) })
		if end < 0 {
			end = len(rest)
		}
		if err := s.word(rest[:end]); err != nil {
			return err
		}
		s.take(rest[:end])
	default:
		if s.begin.Line == 0 && strings.IndexByte("@!/", c) >= 0 {
			return &Error{s.line, fmt.Sprintf("no statement begins with %c: isql may know it, the server does not", c)}
		}
		s.noteWord("")
		s.take(rest[:1])
	}
	return nil
}

// word notes a word and finds out by the first ones what the statement is.
func (s *splitter) word(text string) error {
	word := strings.ToUpper(text)
	if s.begin.Line == 0 && isqlCommands[word] {
		return &Error{s.line, text + " is a command of isql, which the server does not know"}
	}
	if len(s.words) == 1 && s.words[0] == "SET" && word != "TRANSACTION" {
		return &Error{s.begin.Line, "SET " + text + " is a command of isql, which the server does not know"}
	}
	s.noteWord(word)
	s.block = s.block || isBlock(s.words)
	return nil
}

// noteWord notes a word of the statement, "" for what is none.
func (s *splitter) noteWord(word string) {
	if len(s.words) < mostWords {
		s.words = append(s.words, word)
	}
}

// isBlock tells whether a statement that begins so holds semicolons itself.
func isBlock(words []string) bool {
	switch words[0] {
	case "DECLARE", "BEGIN":
		return len(words) == 1
	case "CREATE":
		words = words[1:]
	default:
		return false
	}
	if len(words) >= 2 && words[0] == "OR" && words[1] == "REPLACE" {
		words = words[2:]
	}
	return len(words) == 1 && blocks[words[0]]
}

// blocks are what is created with a body.
var blocks = map[string]bool{"PROCEDURE": true, "FUNCTION": true, "TRIGGER": true, "PACKAGE": true, "TYPESET": true}

// isqlCommands begin lines that isql keeps for itself; SET is another one, unless it is
// SET TRANSACTION.
var isqlCommands = map[string]bool{
	"AUTOCOMMIT": true, "CL": true, "CLEAR": true, "COL": true, "COLUMN": true, "CONNECT": true, "DESC": true, "DISCONNECT": true, "ED": true,
	"EDIT": true, "EXIT": true, "H": true, "HELP": true, "HIS": true, "HISTORY": true, "LOAD": true, "PREPARE": true, "PRINT": true,
	"PROMPT": true, "QUIT": true, "SAVE": true, "SHOW": true, "SPO": true, "SPOOL": true, "START": true, "VAR": true, "VARIABLE": true,
}

// alone tells whether the sign at at is the only one of its line, or a semicolon follows.
func (s *splitter) alone() bool {
	before := s.script[:s.at]
	before = before[strings.LastIndexByte(before, '\n')+1:]
	after, _, _ := strings.Cut(s.script[s.at+1:], "\n")
	after = strings.TrimLeft(after, blanks)
	return strings.Trim(before, blanks+mark) == "" && (after == "" || after[0] == ';')
}

// take makes text a part of the statement.
func (s *splitter) take(text string) {
	if s.begin.Line == 0 {
		s.begin.Line = s.line
	}
	s.text.WriteString(text)
	s.skip(len(text))
}

// between takes blanks and comments; only those within a statement belong to it.
func (s *splitter) between(text string) {
	if s.begin.Line > 0 {
		s.text.WriteString(text)
	}
	s.skip(len(text))
}

// skip goes on.
func (s *splitter) skip(n int) {
	s.line += strings.Count(s.script[s.at:s.at+n], "\n")
	s.at += n
}

// end closes the present statement. Where there is none, isql would run the one before
// once more; who writes a / behind a semicolon does not mean that.
func (s *splitter) end() {
	if text := strings.Trim(s.text.String(), blanks+"\n"+mark); text != "" {
		s.found = append(s.found, Statement{text, s.begin.Line})
	}
	s.begin, s.words, s.block = Statement{}, nil, false
	s.text.Reset()
}

// mark is the byte order mark.
const mark = "\uFEFF"

const blanks = " \t\r\f\v"

func isSpace(c byte) bool { return c == '\n' || strings.IndexByte(blanks, c) >= 0 }

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c == '#' || c >= utf8.RuneSelf
}
