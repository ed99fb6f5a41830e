package main

import (
	"context"
	"fmt"
	"path/filepath"

	"aku/e2e/internal/account"
)

func verify(ctx context.Context, args []string) error {
	flags := newFlags("verify")
	folder := flags.String("journals", "", "folder of the journals")
	hosts, err := parse(flags, args, 1, -1)
	if err != nil {
		return err
	}
	journals, err := filepath.Glob(filepath.Join(*folder, "*"))
	if err != nil {
		return err
	}
	if len(journals) == 0 {
		return fmt.Errorf("no journals in %s: nothing was written", *folder)
	}
	written := account.Account{}
	for _, journal := range journals {
		if err := written.Load(journal); err != nil {
			return err
		}
	}
	verdicts := make([]account.Verdict, len(hosts))
	err = eachHost(ctx, hosts, func(i int, rows map[int64]string) {
		verdicts[i] = written.Compare(hosts[i], rows)
	})
	if err != nil {
		return err
	}
	return printJSON(verdicts)
}
