package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// cleanUpTime is what an interrupted stage gets to clean up. Taking a cluster down takes a few seconds.
const cleanUpTime = time.Minute

// newCommand makes a command with a process group of its own. Ctrl-C at the terminal reaches only this
// program, which passes it on to the whole group once.
func newCommand(ctx context.Context, args []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = cleanUpTime
	return cmd
}

// stream runs the command, passes each line of its standard output to take, and shows its standard error.
func stream(ctx context.Context, args []string, take func(line []byte)) error {
	cmd := newCommand(ctx, args)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	show := &indenter{out: os.Stdout}
	cmd.Stderr = show
	if err := cmd.Start(); err != nil {
		return err
	}
	lines := bufio.NewReader(stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			take(line)
		}
		if err != nil {
			break // io.EOF, or the command was cancelled and its pipe closed
		}
	}
	err = cmd.Wait()
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted")
	}
	return err
}

// command is a stage that passes when the command succeeds.
func command(args ...string) func(context.Context, *result) error {
	return func(ctx context.Context, r *result) error {
		show := &indenter{out: os.Stdout}
		err := stream(ctx, args, func(line []byte) { fmt.Fprintf(show, "%s", line) })
		if err == nil {
			r.passed++
		}
		return err
	}
}

func output(ctx context.Context, args ...string) (string, error) {
	cmd := newCommand(ctx, args)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%v: %w", args, err)
	}
	return string(out), nil
}

// indenter indents each line by three columns, under the heading of its stage.
type indenter struct {
	out    io.Writer
	inLine bool
}

func (w *indenter) Write(p []byte) (int, error) {
	var indented []byte
	for _, b := range p {
		if !w.inLine {
			indented = append(indented, "   "...)
		}
		indented = append(indented, b)
		w.inLine = b != '\n'
	}
	_, err := w.out.Write(indented)
	return len(p), err
}
