// Package footnote prints a text that does not fit into a cell of a table below the table,
// with a number.
package footnote

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// widest is how many characters a cell may hold.
const widest = 60

// Notes are the texts that stand below one table.
type Notes []string

// Cell is a text for a cell: the text itself, or where it stands.
func (n *Notes) Cell(text string) string {
	if utf8.RuneCountInString(text) <= widest && !strings.ContainsFunc(text, unicode.IsControl) {
		return text
	}
	return n.Add(text)
}

// Add puts a text below the table and tells where it stands. The same text stands there once.
func (n *Notes) Add(text string) string {
	at := slices.Index(*n, text)
	if at < 0 {
		at = len(*n)
		*n = append(*n, text)
	}
	return fmt.Sprintf("see %d", at+1)
}

// Print writes the texts, each with its number and indented from its second line on.
func (n Notes) Print(to io.Writer) error {
	for i, text := range n {
		lines := strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n   ")
		if _, err := fmt.Fprintf(to, "%d: %s\n", i+1, lines); err != nil {
			return err
		}
	}
	return nil
}
