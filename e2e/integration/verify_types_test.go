//go:build integration

package integration

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"aku/internal/verify"
)

// column is a type of a column with its values: how each is written in a statement, and how verify shows it.
type column struct {
	declared string
	value    func(r *rand.Rand) (written, named string)
}

// text is a text of up to most letters, with blanks and quotes.
func text(r *rand.Rand, most int) string {
	letters := []rune("aAbB  '\";-é한😀")
	var b strings.Builder
	for {
		c := letters[r.IntN(len(letters))]
		if b.Len()+len(string(c)) > most {
			break
		}
		b.WriteRune(c)
	}
	return b.String()
}

func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

func both(text string) (string, string) { return text, text }

func digits(r *rand.Rand, of string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = of[r.IntN(len(of))]
	}
	return string(b)
}

var columns = []column{
	{"INTEGER", func(r *rand.Rand) (string, string) { return both(strconv.Itoa(r.IntN(400) - 200)) }},
	{"SMALLINT", func(r *rand.Rand) (string, string) { return both(strconv.Itoa(r.IntN(400) - 200)) }},
	{"BIGINT", func(r *rand.Rand) (string, string) { return both(strconv.FormatInt(r.Int64()-1<<62, 10)) }},
	{"NUMERIC(15,3)", func(r *rand.Rand) (string, string) { return both(fmt.Sprintf("%d.5", r.IntN(400)-200)) }},
	{"NUMBER", func(r *rand.Rand) (string, string) { return both(fmt.Sprintf("%d.75", 10_000*(r.IntN(400)-200))) }},
	{"FLOAT", func(r *rand.Rand) (string, string) { return both(fmt.Sprintf("%d.25", r.IntN(400)-200)) }},
	{"DOUBLE", func(r *rand.Rand) (string, string) {
		return both("DOUBLE'" + strconv.FormatFloat(r.NormFloat64(), 'g', -1, 64) + "'")
	}},
	{"REAL", func(r *rand.Rand) (string, string) { return both(fmt.Sprintf("REAL'%d.125'", r.IntN(400)-200)) }},
	{"VARCHAR(13)", func(r *rand.Rand) (string, string) { return both(quoted(text(r, 1+r.IntN(12)) + ".")) }},
	// Padding makes no difference, however many blanks are written. A text of blanks alone is a value.
	{"CHAR(4)", func(r *rand.Rand) (string, string) {
		held := []string{"", "a", "b", "a b", "한"}[r.IntN(5)]
		return quoted(held + " "), quoted(held + strings.Repeat(" ", 4-len(held)))
	}},
	{"NVARCHAR(13)", func(r *rand.Rand) (string, string) { return both(quoted(text(r, 1+r.IntN(12)) + ".")) }},
	{"NCHAR(4)", func(r *rand.Rand) (string, string) {
		held := []string{"", "a", "b", "a b", "한글ab"}[r.IntN(5)]
		blanks := 4 - utf8.RuneCountInString(held)
		return quoted(held + strings.Repeat(" ", min(1, blanks))), quoted(held + strings.Repeat(" ", blanks))
	}},
	{"DATE", func(r *rand.Rand) (string, string) {
		const form = "'YYYY-MM-DD HH24:MI:SS.SSSSSS'"
		return both(fmt.Sprintf("TO_DATE('2026-%02d-%02d 10:11:12.%06d', %s)", 1+r.IntN(12), 1+r.IntN(28), r.IntN(3), form))
	}},
	{"BYTE(3)", func(r *rand.Rand) (string, string) { return both("BYTE'" + digits(r, "09AF", 6) + "'") }},
	{"VARBYTE(3)", func(r *rand.Rand) (string, string) { return both("VARBYTE'" + digits(r, "09AF", 2+2*r.IntN(3)) + "'") }},
	{"NIBBLE(5)", func(r *rand.Rand) (string, string) { return both("NIBBLE'" + digits(r, "09AF", 1+r.IntN(5)) + "'") }},
	{"BIT(9)", func(r *rand.Rand) (string, string) { return both("BIT'" + digits(r, "01", 9) + "'") }},
	{"VARBIT(9)", func(r *rand.Rand) (string, string) { return both("VARBIT'" + digits(r, "01", 1+r.IntN(9)) + "'") }},
}

// sample is a table whose rows are known without a query.
type sample struct {
	name string
	key  []column
	rows map[string]string // how verify shows the key → how a condition is written
}

func (s sample) create() string {
	var parts, key []string
	for i, c := range s.key {
		parts = append(parts, fmt.Sprintf("K%d %s", i, c.declared))
		key = append(key, fmt.Sprintf("K%d", i))
	}
	return fmt.Sprintf("CREATE TABLE %s (V INTEGER, %s, PRIMARY KEY (%s))", s.name, strings.Join(parts, ", "), strings.Join(key, ", "))
}

// row makes a key of random values: how verify shows it, the values and the condition.
func (s sample) row(r *rand.Rand) (named, values, where string) {
	var names, all, conditions []string
	for i, c := range s.key {
		written, name := c.value(r)
		names, all = append(names, name), append(all, written)
		conditions = append(conditions, fmt.Sprintf("K%d = %s", i, written))
	}
	return strings.Join(names, ", "), strings.Join(all, ", "), strings.Join(conditions, " AND ")
}

// samples are a table for each type as the key, and some with keys of several columns.
func samples(r *rand.Rand) []sample {
	var all []sample
	for i, c := range columns {
		all = append(all, sample{name: fmt.Sprintf("S%d", i), key: []column{c}})
	}
	for i := range 8 {
		var key []column
		for range 2 + r.IntN(2) {
			key = append(key, columns[r.IntN(len(columns))])
		}
		all = append(all, sample{name: fmt.Sprintf("M%d", i), key: key})
	}
	return all
}

// The report of verify is compared with what was written, without any comparison of rows.
func TestVerify_FindsExactlyTheRowsThatDiffer_WhateverTypesTheKeyHas(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	tables := samples(r)
	var names, creates []string
	for _, s := range tables {
		names, creates = append(names, "SYS."+s.name), append(creates, s.create())
	}
	c := start(t, 2, map[string]string{"AKU_REPLICATIONS_0_TABLES": strings.Join(names, ",")})
	for _, p := range c.pods {
		p.asSYSDBA(creates...)
	}
	c.inService(0)
	for i, s := range tables {
		tables[i].rows = map[string]string{}
		var inserts []string
		for range 60 {
			named, values, where := s.row(r)
			if tables[i].rows[named] == "" {
				tables[i].rows[named] = where
				inserts = append(inserts, fmt.Sprintf("INSERT INTO %s VALUES (1, %s)", s.name, values))
			}
		}
		c.pods[0].do(inserts...)
	}
	c.inService(1)
	page := 2 + r.IntN(6) // small, so that most keys of several columns are cut between two rows that begin alike
	if report := c.verify(verify.Options{Checksums: true, Page: page}); !report.Equal {
		t.Fatalf("seed %d, page %d: pods that are equal differ: %q %+v", seed, page, report.Faults, report.Tables)
	}

	want := map[string][]string{}
	for _, s := range tables {
		var aside [2][]string
		for named, where := range s.rows {
			if r.IntN(10) > 0 {
				continue
			}
			pod := r.IntN(2)
			if r.IntN(2) == 0 {
				aside[pod] = append(aside[pod], "DELETE FROM "+s.name+" WHERE "+where)
				want["SYS."+s.name] = append(want["SYS."+s.name], fmt.Sprintf("%s missing [altibase-%d]", named, pod))
			} else {
				aside[pod] = append(aside[pod], "UPDATE "+s.name+" SET V = 2 WHERE "+where)
				want["SYS."+s.name] = append(want["SYS."+s.name], named+" missing []")
			}
		}
		for pod, statements := range aside {
			c.pods[pod].aside(statements...)
		}
	}
	for _, table := range c.verify(verify.Options{Checksums: true, Page: page}).Tables {
		var got []string
		for _, d := range table.Different {
			got = append(got, fmt.Sprintf("%s missing %v", d.Key, d.Missing))
		}
		slices.Sort(got)
		slices.Sort(want[table.Name])
		if !slices.Equal(got, want[table.Name]) || table.Fault != "" {
			t.Errorf("seed %d, page %d, %s: fault %q\n got %q\nwant %q", seed, page, table.Name, table.Fault, got, want[table.Name])
		}
	}
}

// A page ends after any row of those that begin alike, and the next one goes on behind it.
func TestVerify_PagesThatCutRowsOfOneBeginning_LeaveNoneOut(t *testing.T) {
	t.Parallel()
	c := start(t, 2, map[string]string{"AKU_REPLICATIONS_0_TABLES": "SYS.S"})
	for _, p := range c.pods {
		p.asSYSDBA("CREATE TABLE S (V INTEGER, K0 INTEGER, K1 VARCHAR(5), PRIMARY KEY (K0, K1))")
	}
	c.inService(0)
	var want []string
	for _, first := range []string{"1", "2", "3"} {
		for _, second := range []string{"a", "b", "c", "d", "e"} {
			c.pods[0].do(fmt.Sprintf("INSERT INTO S VALUES (1, %s, '%s')", first, second))
			want = append(want, fmt.Sprintf("%s, '%s'", first, second))
		}
	}
	c.inService(1)
	c.pods[1].aside("UPDATE S SET V = 2")
	for _, page := range []int{2, 3, 4} {
		report := c.verify(verify.Options{Checksums: true, Page: page})
		if len(report.Tables) != 1 {
			t.Fatalf("nothing was compared: %v", report.Faults)
		}
		var got []string
		for _, d := range report.Tables[0].Different {
			got = append(got, d.Key)
		}
		if !slices.Equal(got, want) {
			t.Errorf("pages of %d: got %q, want %q", page, got, want)
		}
	}
}
