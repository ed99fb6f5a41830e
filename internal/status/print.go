package status

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"aku/internal/footnote"
)

// The colours of a terminal.
const (
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	red    = "\x1b[31m"
	plain  = "\x1b[0m"
)

// legend is what signs in a cell mean; it stands below a table that has them.
var legend = []struct{ sign, means string }{
	{" +", "+Ns: seconds that the pod of the column is behind"},
	{" !", "!n: changes that the pod of the column could not apply since it is connected; those that a copy brings twice are counted, too"},
}

// text is a cell of the table and its colour, "" for none.
type text struct{ words, colour string }

// Print prints the mesh as a table: a row for each pod that sends, a column for each that
// receives. A pair shows the log that is not yet sent, after + the seconds that the receiver
// is behind, and after ! its conflicts. What these signs mean, and why a server is not
// reachable, stands below.
func (m Mesh) Print(to io.Writer, colours bool) error {
	var notes footnote.Notes
	var signs strings.Builder
	head := []text{{words: "FROM \\ TO"}}
	for _, p := range m.Pods {
		head = append(head, text{words: p.Name})
	}
	head = append(head, text{words: "SERVER"}, text{words: "SIDECAR"})
	rows := [][]text{head}
	for _, from := range m.Pods {
		row := []text{{words: from.Name}}
		for _, other := range m.Pods {
			flow, words := m.cell(from, other)
			signs.WriteString(words)
			row = append(row, text{words, map[Flow]string{Flows: green, Stopped: yellow, Retries: red, Unknown: yellow}[flow]})
		}
		state := from.State
		if state == Unreachable && from.Error != "" {
			state += ", " + notes.Add(from.Error)
		}
		row = append(row, text{state, map[string]string{Open: green, Closed: yellow, Unreachable: red}[from.State]}, text{words: notes.Cell(from.Sidecar)})
		rows = append(rows, row)
	}
	widths := make([]int, len(head))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell.words))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			words := cell.words
			if i < len(row)-1 {
				words += strings.Repeat(" ", widths[i]-utf8.RuneCountInString(words)+2)
			}
			if colours && cell.colour != "" {
				words = cell.colour + words + plain
			}
			line.WriteString(words)
		}
		if _, err := fmt.Fprintln(to, strings.TrimRight(line.String(), " ")); err != nil {
			return err
		}
	}
	for _, l := range legend {
		if strings.Contains(signs.String(), l.sign) {
			if _, err := fmt.Fprintln(to, l.means); err != nil {
				return err
			}
		}
	}
	return notes.Print(to)
}
