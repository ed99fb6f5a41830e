package tried

import (
	"fmt"
	"strings"
)

// suites are the rows of the pages, also for suites that nobody has run.
var suites = []struct{ name, does string }{
	{EndToEnd, "installed, scaled, upgraded, rolled, broken and healed on a cluster (`make test-e2e`)"},
	{Conformance, "the server's answers, statement by statement (`make conformance`)"},
}

// Matrix is the table of the chart's README.
func Matrix(runs []Run) string {
	return table(runs, func(r Run) string {
		cell := r.Server
		if r.Image != "" {
			cell += " in `" + r.Image + "`"
		}
		cell += ", " + day(r)
		if r.Failed > 0 {
			cell += fmt.Sprintf(", **%d failed**", r.Failed)
		}
		return cell
	})
}

// Proof is the page docs/proof.md.
func Proof(runs []Run) string {
	return `# What was run, on which server, and what came of it

Made from [tried.json](tried.json) by ` + "`make tried`" + `; do not edit it. A run of a whole suite writes what it was run on and what came of it to ` + "`.build/tried`" + `, and
` + "`make tried`" + ` keeps the newest for each server, Kubernetes and Helm. Versions are what the server and the API server say themselves. An empty cell:
nobody has run it yet. How to run them on a server of yours: [any-server.md](any-server.md).

` + table(runs, func(r Run) string {
		lines := []string{r.Server}
		if r.Image != "" {
			lines = append(lines, "`"+r.Image+"`")
		}
		lines = append(lines, fmt.Sprintf("%d passed, %d failed", r.Passed, r.Failed))
		if f := r.Faults; f != nil {
			lost := "0 lost"
			if f.Survived < f.Begun {
				lost = "0 lost in those"
			}
			lines = append(lines, fmt.Sprintf("faults survived: %d of %d", f.Survived, f.Begun), fmt.Sprintf("%d changes written, %s", f.Written, lost))
		}
		lines = append(lines, day(r))
		if r.Commit != "" {
			lines = append(lines, "commit "+r.Commit)
		}
		return strings.Join(lines, "<br>")
	}) + `
Which test shows what: [guarantees.md](guarantees.md).
`
}

// table has a row for each suite, Kubernetes and Helm, and a column each for the stand-in and a vendor's
// server.
func table(runs []Run, cell func(Run) string) string {
	var text strings.Builder
	text.WriteString("| | Kubernetes | Helm | on the stand-in, altisim | on the vendor's server |\n|---|---|---|---|---|\n")
	for _, suite := range suites {
		type row struct{ kubernetes, helm string }
		var rows []row
		standIn, vendor := map[row][]string{}, map[row][]string{}
		for _, r := range runs {
			if r.Suite != suite.name {
				continue
			}
			at := row{r.Kubernetes, r.Helm}
			if standIn[at] == nil && vendor[at] == nil {
				rows = append(rows, at)
			}
			if r.StandIn() {
				standIn[at] = append(standIn[at], cell(r))
			} else {
				vendor[at] = append(vendor[at], cell(r))
			}
		}
		if rows == nil {
			rows = []row{{}}
		}
		for _, at := range rows {
			text.WriteString("|")
			for _, cell := range []string{suite.does, at.kubernetes, at.helm, strings.Join(standIn[at], "<br><br>"), strings.Join(vendor[at], "<br><br>")} {
				text.WriteString(strings.TrimRight(" "+cell, " ") + " |")
			}
			text.WriteString("\n")
		}
	}
	return text.String()
}

func day(r Run) string { return r.Date.Format("2006-01-02") }

const (
	begin = "<!-- made by make tried from docs/tried.json -->\n"
	end   = "<!-- end of what make tried makes -->\n"
)

// PutMatrix puts the table between the marks of a page.
func PutMatrix(page string, runs []Run) (string, error) {
	before, rest, found := strings.Cut(page, begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		return "", fmt.Errorf("there is no place for the table: it goes between the lines %q and %q", strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return before + begin + "\n" + Matrix(runs) + "\n" + end + after, nil
}
