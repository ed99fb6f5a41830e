package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"aku/internal/altibase"
)

// result is the result of a statement; nil is NULL.
type result struct {
	Columns []string    `json:"columns"`
	Rows    [][]*string `json:"rows"`
}

func runSQL(ctx context.Context, args []string) error {
	flags := newFlags("sql")
	asJSON := flags.Bool("json", false, "print one line of JSON for each statement")
	sysdba := flags.Bool("sysdba", false, "log in as SYSDBA")
	args, err := parse(flags, args, 2, -1)
	if err != nil {
		return err
	}
	s, err := connect(ctx, args[0], *sysdba)
	if err != nil {
		return err
	}
	defer s.close()
	for _, statement := range args[1:] {
		r, err := s.query(ctx, statement)
		if err != nil {
			return fmt.Errorf("%s on %s: %w", statement, args[0], altibase.Classify(err))
		}
		if *asJSON {
			err = printJSON(r)
		} else {
			err = r.print()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// query runs any statement. The driver reports an error when a statement returns no rows, although it was
// executed.
func (s *session) query(ctx context.Context, statement string) (result, error) {
	r := result{Columns: []string{}, Rows: [][]*string{}}
	rows, err := s.conn.QueryContext(ctx, statement)
	if err != nil && err.Error() == "Stmt did not create a result set" {
		return r, nil
	}
	if err != nil {
		return r, err
	}
	defer rows.Close()
	if r.Columns, err = rows.Columns(); err != nil {
		return r, err
	}
	for rows.Next() {
		values := make([]any, len(r.Columns))
		into := make([]any, len(values))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return r, err
		}
		row := make([]*string, len(values))
		for i, value := range values {
			row[i] = text(value)
		}
		r.Rows = append(r.Rows, row)
	}
	return r, rows.Err()
}

// text is a value of the driver as text.
func text(value any) *string {
	var s string
	switch value := value.(type) {
	case nil:
		return nil
	case []byte:
		s = string(value)
	default:
		s = fmt.Sprint(value)
	}
	return &s
}

func (r result) print() error {
	if len(r.Columns) == 0 {
		fmt.Println("done")
		return nil
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, strings.Join(r.Columns, "\t"))
	for _, row := range r.Rows {
		cells := make([]string, len(row))
		for i, value := range row {
			cells[i] = "NULL"
			if value != nil {
				cells[i] = *value
			}
		}
		fmt.Fprintln(out, strings.Join(cells, "\t"))
	}
	return out.Flush()
}
