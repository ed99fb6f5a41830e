package main

import (
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/template"
	"time"
)

//go:embed benchmarks.md.tmpl
var page string

// write fills in the page.
func (r *results) write(to io.Writer) error {
	t, err := template.New("benchmarks").Funcs(template.FuncMap{
		"seconds": seconds, "percent": func(f float64) string { return fmt.Sprintf("%.1f %%", 100*f) },
		"mb":        func(bytes int64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/1e6) },
		"mib":       func(kib int) string { return fmt.Sprintf("%.1f MiB", float64(kib)/1024) },
		"ms":        func(d time.Duration) string { return fmt.Sprintf("%.0f ms", float64(d)/1e6) },
		"median":    median[time.Duration],
		"spread":    spread,
		"minutes":   func(d time.Duration) string { return fmt.Sprintf("%.0f min", d.Minutes()) },
		"parts":     parts,
		"pair":      func(p point) row { return newRow(p) },
		"marginRow": newMarginRow,
		"partNames": func() []string { return partNames },
		"partTook":  func(m margin, name string) string { return fmt.Sprintf("%.2f", m.part(name).Seconds()) },
	}).Parse(page)
	if err != nil {
		return err
	}
	return t.Execute(to, r)
}

// row is a line of a table: both ways at one point.
type row struct {
	Label                              string
	JoinDocumented, JoinAKU, JoinRatio string
	EndDocumented, EndAKU, EndRatio    string
	LostJoin, LostEnd                  string // by the documented order
	LostAKU                            int64  // join and end
}

func newRow(p point) row {
	documented, aku := p.Cycles[byManual.name], p.Cycles[byAku.name]
	join := func(c cycle) time.Duration { return c.Join }
	end := func(c cycle) time.Duration { return c.End }
	ratio := func(pick func(cycle) time.Duration) string { return fmt.Sprintf("%.2f", p.ratio(pick)) }
	of := func(lost, rows func(cycle) int64) string {
		return fmt.Sprintf("%d of %d", median(each(documented, lost)), median(each(documented, rows)))
	}
	r := row{
		Label:          p.Label,
		JoinDocumented: spread(each(documented, join)), JoinAKU: spread(each(aku, join)), JoinRatio: ratio(join),
		EndDocumented: spread(each(documented, end)), EndAKU: spread(each(aku, end)), EndRatio: ratio(end),
		LostJoin: of(func(c cycle) int64 { return c.JoinLost }, func(c cycle) int64 { return c.JoinRows }),
		LostEnd:  of(func(c cycle) int64 { return c.EndLost / int64(p.Pods-1) }, func(c cycle) int64 { return c.EndRows }),
	}
	for _, c := range aku {
		r.LostAKU += c.JoinLost + c.EndLost
	}
	return r
}

// marginRow is a line of the table of what aku adds.
type marginRow struct {
	Tables                 int
	What, Whole            string
	Least, LeastTook, Over string
	Delivery, CPU          string
}

func newMarginRow(m margin) marginRow {
	of := func(pick func(marginRound) time.Duration) []time.Duration { return each(m.Rounds, pick) }
	r := marginRow{
		Tables: m.Tables, What: m.What, Least: m.Least,
		Whole:     spread(of(func(r marginRound) time.Duration { return r.Whole })),
		LeastTook: seconds(median(of(func(r marginRound) time.Duration { return r.Least }))),
		Over:      spread(of(marginRound.Over)),
		CPU:       seconds(median(of(func(r marginRound) time.Duration { return r.CPU }))),
	}
	if delivery := of(func(r marginRound) time.Duration { return r.Delivery }); slices.Max(delivery) > 0 {
		r.Delivery = spread(delivery)
	}
	return r
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

// spread is the median and, of several values, the least and the most.
func spread(all []time.Duration) string {
	if len(all) == 1 {
		return seconds(all[0])
	}
	return fmt.Sprintf("%s (%.2f-%.2f)", seconds(median(all)), slices.Min(all).Seconds(), slices.Max(all).Seconds())
}

// parts are the parts of the memory, the largest first.
func parts(i idle) string {
	names := make([]string, 0, len(i.Parts))
	for name := range i.Parts {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return i.Parts[b] - i.Parts[a] })
	for n, name := range names {
		names[n] = fmt.Sprintf("%s %.1f", name, float64(i.Parts[name])/1024)
	}
	return strings.Join(names, ", ")
}

// PercentCPU is the share of one core, in percent.
func (i idleAt) PercentCPU() float64 { return 100 * i.CPU }

// Memory is the memory for the page.
func (i idleAt) Memory() idle { return i.idle }

// Quartiles are the median, the least and the most.
func (p program) Quartiles() []time.Duration {
	return []time.Duration{median(p.Start), slices.Min(p.Start), slices.Max(p.Start)}
}
