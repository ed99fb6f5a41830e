package status

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"aku/internal/footnote"
)

// The colours of a terminal.
const (
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	red    = "\x1b[31m"
	usual  = "\x1b[39m"
	plain  = "\x1b[0m"
)

// legend is what signs in a cell mean; it stands below a table that has them.
var legend = []struct{ sign, means string }{
	{" +", "+Ns: seconds that the pod of the column is behind"},
	{" !", "!n: changes that the pod of the column could not apply since it is connected; those that a copy brings twice are counted, too"},
}

// Print prints the mesh as a table: a row for each pod that sends, a column for each that
// receives. A pair shows the log that is not yet sent, after + the seconds that the receiver
// is behind, and after ! its conflicts. What these signs mean, and why a server is not
// reachable, stands below.
func (m Mesh) Print(to io.Writer, colours bool) error {
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	line := func(cells []string) { fmt.Fprintln(table, strings.Join(cells, "\t")) }
	// With colours, each cell has one: the table counts their characters, too.
	cell := func(words, colour string) string {
		if !colours {
			return words
		}
		return cmp.Or(colour, usual) + words + plain
	}
	var notes footnote.Notes
	var signs strings.Builder
	head := []string{cell("FROM \\ TO", "")}
	for _, p := range m.Pods {
		head = append(head, cell(p.Name, ""))
	}
	line(append(head, cell("SERVER", ""), cell("SIDECAR", "")))
	for _, from := range m.Pods {
		row := []string{cell(from.Name, "")}
		for _, other := range m.Pods {
			flow, words := m.cell(from, other)
			signs.WriteString(words)
			row = append(row, cell(words, map[Flow]string{Flows: green, Stopped: yellow, Retries: red, Unknown: yellow}[flow]))
		}
		state := from.State
		if state == Unreachable && from.Error != "" {
			state += ", " + notes.Add(from.Error)
		}
		colour := map[string]string{Open: green, Closed: yellow, Unreachable: red}[from.State]
		line(append(row, cell(state, colour), cell(notes.Cell(from.Sidecar), "")))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, l := range legend {
		if strings.Contains(signs.String(), l.sign) {
			if _, err := fmt.Fprintln(to, l.means); err != nil {
				return err
			}
		}
	}
	if err := notes.Print(to); err != nil {
		return err
	}
	return m.printGivenUp(to)
}

// printGivenUp prints which rows may differ between the pods.
func (m Mesh) printGivenUp(to io.Writer) error {
	for _, p := range m.Pods {
		for _, text := range p.GivenUp {
			if _, err := fmt.Fprintf(to, "%s tells that rows may differ: %s\n", p.Name, text); err != nil {
				return err
			}
		}
	}
	return nil
}
