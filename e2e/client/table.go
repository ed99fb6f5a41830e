package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"text/tabwriter"

	"golang.org/x/sync/errgroup"

	"aku/e2e/internal/account"
)

func showTable(ctx context.Context, args []string) error {
	flags := newFlags("table")
	asJSON := flags.Bool("json", false, "print JSON")
	hosts, err := parse(flags, args, 1, -1)
	if err != nil {
		return err
	}
	copies := make([]account.Copy, len(hosts))
	err = eachHost(ctx, hosts, func(i int, rows map[int64]string) {
		copies[i] = account.CopyOf(hosts[i], rows)
	})
	if err != nil {
		return err
	}
	if *asJSON {
		return printJSON(copies)
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "host\trows\tsum\tchecksum")
	for _, c := range copies {
		fmt.Fprintf(out, "%s\t%d\t%d\t%s\n", c.Host, c.Rows, c.Sum, c.Checksum)
	}
	return out.Flush()
}

// eachHost reads the table of all hosts at the same time, and passes each to do.
func eachHost(ctx context.Context, hosts []string, do func(i int, rows map[int64]string)) error {
	group, ctx := errgroup.WithContext(ctx)
	for i, host := range hosts {
		group.Go(func() error {
			rows, err := readTable(ctx, host)
			if err != nil {
				return fmt.Errorf("%s: %w", host, err)
			}
			do(i, rows)
			return nil
		})
	}
	return group.Wait()
}

func readTable(ctx context.Context, host string) (map[int64]string, error) {
	s, err := connect(ctx, host, false)
	if err != nil {
		return nil, err
	}
	defer s.close()
	read, err := s.query(ctx, "SELECT ID, V FROM "+table)
	if err != nil {
		return nil, err
	}
	rows := make(map[int64]string, len(read.Rows))
	for _, row := range read.Rows {
		if row[0] == nil || row[1] == nil {
			return nil, fmt.Errorf("%s has a NULL, which nobody wrote", table)
		}
		key, err := strconv.ParseInt(*row[0], 10, 64)
		if err != nil {
			return nil, err
		}
		rows[key] = *row[1]
	}
	return rows, nil
}
