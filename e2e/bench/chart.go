package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// The chart's measures, in the units of the picture.
const (
	chartWidth, chartHeight = 760, 300
	chartLeft, chartBottom  = 50, 250
	barWidth                = 22
)

// chart draws join and end of both ways by the number of pods. Each way has two bars, stacked.
func (r *results) chart(to io.Writer) error {
	var points []point
	for _, s := range r.Series {
		if s.Name == "pods" {
			points = s.Points
		}
	}
	var most time.Duration
	for _, p := range points {
		for _, cycles := range p.Cycles {
			most = max(most, median(each(cycles, func(c cycle) time.Duration { return c.Join + c.End })))
		}
	}
	scale := float64(chartBottom-40) / most.Seconds()
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`, chartWidth, chartHeight)
	line(`<rect width="100%%" height="100%%" fill="#fff"/>`)
	line(`<text x="%d" y="18" font-size="14">Join and end of one pod, seconds, by the number of pods</text>`, chartLeft)
	step := max(1, int(most.Seconds()/5))
	for s := 0; s <= int(most.Seconds()); s += step {
		y := float64(chartBottom) - float64(s)*scale
		line(`<path d="M%d %.1fH%d" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%d</text>`, chartLeft, y, chartWidth-20, chartLeft-6, y+4, s)
	}
	colours := map[string][2]string{byManual.name: {"#b5651d", "#e3b27e"}, byAku.name: {"#1f5f8b", "#8fc1e3"}}
	group := (chartWidth - chartLeft - 20) / max(1, len(points))
	for i, p := range points {
		x := chartLeft + i*group + group/2 - barWidth - 2
		for _, w := range ways {
			join := median(each(p.Cycles[w.name], func(c cycle) time.Duration { return c.Join })).Seconds() * scale
			end := median(each(p.Cycles[w.name], func(c cycle) time.Duration { return c.End })).Seconds() * scale
			line(`<rect x="%d" y="%.1f" width="%d" height="%.1f" fill="%s"/>`, x, chartBottom-join, barWidth, join, colours[w.name][0])
			line(`<rect x="%d" y="%.1f" width="%d" height="%.1f" fill="%s"/>`, x, chartBottom-join-end, barWidth, end, colours[w.name][1])
			x += barWidth + 4
		}
		line(`<text x="%d" y="%d" text-anchor="middle">%d</text>`, chartLeft+i*group+group/2, chartBottom+16, p.Pods)
	}
	x := chartLeft
	for _, w := range ways {
		for n, what := range []string{"join", "end"} {
			line(`<rect x="%d" y="%d" width="12" height="12" fill="%s"/><text x="%d" y="%d">%s, %s</text>`,
				x, chartHeight-22, colours[w.name][n], x+18, chartHeight-12, w.name, what)
			x += 150
		}
	}
	line(`</svg>`)
	_, err := io.WriteString(to, b.String())
	return err
}
