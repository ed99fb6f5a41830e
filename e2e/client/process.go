package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// process is one process of a container.
type process struct {
	PID     int    `json:"pid"`
	Name    string `json:"name"`
	RSS     int    `json:"rssKiB"`
	Command string `json:"command"`
	// First marks the first process of its container, process 1 there.
	First bool `json:"first"`
}

func showProcesses(_ context.Context, args []string) error {
	args, err := parse(newFlags("processes"), args, 1, 1)
	if err != nil {
		return err
	}
	found, err := processesOf(args[0])
	if err != nil {
		return err
	}
	return printJSON(found)
}

// kill ends a container from outside. Inside it, such a signal has no effect on the first process.
func kill(_ context.Context, args []string) error {
	args, err := parse(newFlags("kill"), args, 1, 1)
	if err != nil {
		return err
	}
	found, err := processesOf(args[0])
	if err != nil {
		return err
	}
	for _, p := range found {
		if p.First {
			return syscall.Kill(p.PID, syscall.SIGKILL)
		}
	}
	return fmt.Errorf("no first process of container %s among %v", args[0], found)
}

// freeze makes a container hang. The server may be a child of the first process, so all processes are
// stopped.
func freeze(_ context.Context, args []string) error {
	return signalAll("freeze", args, syscall.SIGSTOP)
}

// thaw ends freeze.
func thaw(_ context.Context, args []string) error { return signalAll("thaw", args, syscall.SIGCONT) }

// signalAll sends a signal to all processes of a container.
func signalAll(command string, args []string, signal syscall.Signal) error {
	args, err := parse(newFlags(command), args, 1, 1)
	if err != nil {
		return err
	}
	found, err := processesOf(args[0])
	if err != nil {
		return err
	}
	for _, p := range found {
		// A process such as a probe may have ended meanwhile.
		if err := syscall.Kill(p.PID, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("%s to process %d: %w", signal, p.PID, err)
		}
	}
	return nil
}

// processesOf finds the processes of a container by the path of its control group, which ends in the
// container's id.
func processesOf(container string) ([]process, error) {
	groups, err := filepath.Glob("/proc/[0-9]*/cgroup")
	if err != nil {
		return nil, err
	}
	var found []process
	for _, file := range groups {
		group, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(group), container) {
			continue // ended meanwhile, or of another container
		}
		p, err := readProcess(filepath.Dir(file))
		if err == nil {
			found = append(found, p)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no process of container %s is visible here", container)
	}
	return found, nil
}

func readProcess(folder string) (process, error) {
	status, err := os.ReadFile(filepath.Join(folder, "status"))
	if err != nil {
		return process{}, err
	}
	command, err := os.ReadFile(filepath.Join(folder, "cmdline"))
	if err != nil {
		return process{}, err
	}
	p := process{Command: strings.TrimSpace(strings.ReplaceAll(string(command), "\x00", " "))}
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		fields := strings.Fields(value)
		if len(fields) == 0 {
			continue
		}
		switch name {
		case "Name":
			p.Name = fields[0]
		case "Pid":
			p.PID, err = strconv.Atoi(fields[0])
		case "VmRSS":
			p.RSS, err = strconv.Atoi(fields[0])
		case "NSpid":
			p.First = len(fields) > 1 && fields[len(fields)-1] == "1"
		}
		if err != nil {
			return process{}, err
		}
	}
	return p, nil
}
