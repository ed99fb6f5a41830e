//go:build integration

package conformance

import (
	"context"
	"fmt"
	"os"
	"os/exec"
)

// These variables make the test program a client of one statement that can be killed.
const (
	clientDSN       = "CONFORMANCE_CLIENT_DSN"
	clientStatement = "CONFORMANCE_CLIENT_STATEMENT"
)

func beClient(dsn, statement string) {
	c, err := open(dsn)
	if err == nil {
		err = c.Run(context.Background(), statement).Err
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// startClient runs a statement in a process of its own.
func startClient(dsn, statement string) (kill func() error, err error) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), clientDSN+"="+dsn, clientStatement+"="+statement)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return func() error {
		if cmd.ProcessState != nil {
			return nil
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return nil
	}, nil
}
