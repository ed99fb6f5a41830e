package verify

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"aku/internal/footnote"
)

// Print writes the report as a table of tables and pods, at most rows differing rows
// of each table, and the verdict.
func (r Report) Print(to io.Writer, rows int) {
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	var notes footnote.Notes
	header, service := []string{"TABLE"}, []string{"in service"}
	for _, p := range r.Pods {
		header = append(header, p.Name)
		service = append(service, map[bool]string{true: "yes", false: "no"}[p.InService])
	}
	fmt.Fprintln(table, strings.Join(append(header, ""), "\t"))
	fmt.Fprintln(table, strings.Join(append(service, ""), "\t"))
	for _, t := range r.Tables {
		line := []string{t.Name}
		for _, n := range t.Rows {
			line = append(line, map[bool]string{true: fmt.Sprint(n), false: "?"}[n >= 0])
		}
		fmt.Fprintln(table, strings.Join(append(line, t.verdict(&notes)), "\t"))
	}
	table.Flush()
	_ = notes.Print(to) // as with the rest, nothing can be done
	for _, t := range r.Tables {
		t.printRows(to, rows)
	}
	for _, fault := range r.Faults {
		fmt.Fprintln(to, fault)
	}
	if r.Equal {
		fmt.Fprintln(to, "equal")
	} else {
		fmt.Fprintln(to, "NOT EQUAL")
	}
}

// verdict says in a few words what was found; longer texts become notes.
func (t Table) verdict(notes *footnote.Notes) string {
	var parts []string
	switch {
	case t.Fault != "":
		parts = append(parts, "FAILED: "+notes.Cell(t.Fault))
	case t.More:
		parts = append(parts, fmt.Sprintf("at least %d rows DIFFER", len(t.Different)))
	case len(t.Different) == 1:
		parts = append(parts, "1 row DIFFERS")
	case len(t.Different) > 1:
		parts = append(parts, fmt.Sprintf("%d rows DIFFER", len(t.Different)))
	case t.Compared:
		parts = append(parts, "same contents")
	default:
		parts = append(parts, "same count")
	}
	if t.Moving > 0 {
		parts = append(parts, fmt.Sprintf("%d rows changed all the time and could not be judged", t.Moving))
	}
	if len(t.Skipped) > 0 {
		parts = append(parts, "not compared: "+notes.Cell(strings.Join(t.Skipped, ", ")))
	}
	if len(t.Rows) > 0 && len(slices.Compact(slices.Clone(t.Rows))) > 1 && t.Equal() {
		parts = append(parts, "users write, so the counts are of different moments")
	}
	return strings.Join(parts, "; ")
}

// printRows names the rows that differ and who has which version.
func (t Table) printRows(to io.Writer, rows int) {
	for i, d := range t.Different {
		if i == rows {
			fmt.Fprintf(to, "%s: %d more\n", t.Name, len(t.Different)-rows)
			return
		}
		var have []string
		for _, pods := range d.Versions {
			have = append(have, strings.Join(pods, " = "))
		}
		text := "there on " + strings.Join(have, ", ")
		if len(d.Versions) > 1 {
			text = strings.Join(have, " ≠ ")
		}
		if len(d.Missing) > 0 {
			text += ", missing on " + strings.Join(d.Missing, ", ")
		}
		fmt.Fprintf(to, "%s (%s): %s\n", t.Name, d.Key, text)
	}
}
