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
	written, err := loadJournals(*folder)
	if err != nil {
		return err
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

func loadJournals(folder string) (account.Account, error) {
	journals, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		return nil, err
	}
	if len(journals) == 0 {
		return nil, fmt.Errorf("no journals in %s: nothing was written", folder)
	}
	written := account.Account{}
	for _, journal := range journals {
		if err := written.Load(journal); err != nil {
			return nil, err
		}
	}
	return written, nil
}
