package altibase

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"aku/internal/akucore"
)

// tablesAtOnce is how many tables one statement checks.
const tablesAtOnce = 50

// filled are the tables that have a row. A TRUNCATE takes 4 ms even when the table is empty,
// and there may be a thousand tables. Where the server does not take the query, all tables
// count as filled.
func (c *session) filled(ctx context.Context, tables []akucore.Table) ([]akucore.Table, error) {
	var filled []akucore.Table
	for some := range slices.Chunk(tables, tablesAtOnce) {
		found, err := c.query(ctx, filledQuery(some))
		if err != nil {
			if c.broken || ctx.Err() != nil {
				return nil, err
			}
			return tables, nil
		}
		for _, r := range found {
			filled = append(filled, some[r.int(0)])
		}
	}
	return filled, nil
}

// filledQuery returns, for each table that has a row, a row with the index of the table.
func filledQuery(tables []akucore.Table) string {
	queries := make([]string, len(tables))
	for i, t := range tables {
		queries[i] = fmt.Sprintf("SELECT %d FROM DUAL WHERE EXISTS (SELECT 1 FROM %s)", i, from(t))
	}
	return strings.Join(queries, " UNION ALL ")
}
