package main

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// machine describes the machine of the measurement, without its name.
type machine struct {
	CPU             string
	Cores           int
	MemoryGiB       int
	Kernel, Go      string
	Load, LoadAfter string // of the last minute, before and after
	Nice            int    // of all that was measured: 0 is usual, lower values come before other work
}

func thisMachine() machine {
	m := machine{Cores: runtime.NumCPU(), Go: runtime.Version(), Load: load()}
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				m.CPU = strings.TrimSpace(value)
				break
			}
		}
	}
	if text, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.Kernel, _, _ = strings.Cut(strings.TrimSpace(string(text)), "-")
	}
	if p, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0); err == nil {
		m.Nice = 20 - p // the kernel's scale
	}
	// A kernel that shares the processor among sessions has a second value, for the session.
	if text, err := os.ReadFile("/proc/self/autogroup"); err == nil {
		if _, nice, ok := strings.Cut(string(text), " nice "); ok {
			session, _ := strconv.Atoi(strings.TrimSpace(nice))
			m.Nice += session
		}
	}
	var info syscall.Sysinfo_t
	if syscall.Sysinfo(&info) == nil {
		m.MemoryGiB = int((info.Totalram*uint64(info.Unit) + 1<<29) >> 30)
	}
	return m
}

func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Fields(string(text))[0]
}
