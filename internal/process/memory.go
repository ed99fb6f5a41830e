package process

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"unsafe"
)

// All that keeps the sidecar small is in this file. Measured with 2 pods and 300 tables, it
// has 19.7 MB resident: 8.5 the program, 5.7 libraries, 5.5 heaps and stacks. The limit is 24.

// gcPercent lets the heap grow by a quarter of what is in use before it is collected.
const gcPercent = 25

// StaySmall sets the Go runtime up for a program that waits for months and works for
// moments: one processor is enough, and needs fewer threads.
func StaySmall() {
	debug.SetGCPercent(gcPercent)
	runtime.GOMAXPROCS(1)
}

// GiveBack returns freed heap to the system. Left alone, the heap stays as large as the
// largest look at the mesh made it.
func GiveBack() { debug.FreeOSMemory() }

// Settle returns the pages of files that a start has used and a long wait does not need,
// 4 MB: the kernel maps programs and libraries in large pieces around each page that is
// touched. Those that are used come back from the page cache. It also gives back the heap
// of the start.
func Settle() {
	defer GiveBack()
	maps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return
	}
	defer maps.Close()
	for _, m := range fileMappings(maps) {
		// Without a page of its own a mapping is what its file is, so nothing is lost.
		_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, m.from, m.to-m.from, syscall.MADV_DONTNEED)
	}
}

type mapping struct{ from, to uintptr }

// fileMappings are the private mappings of files that are never written to and have
// no changed page, in the format of /proc/PID/smaps.
func fileMappings(smaps io.Reader) []mapping {
	var found []mapping
	var m mapping
	candidate := false
	lines := bufio.NewScanner(smaps)
	for lines.Scan() {
		line := lines.Bytes()
		if anonymous, ok := bytes.CutPrefix(line, []byte("Anonymous:")); ok {
			if candidate && string(bytes.TrimSpace(anonymous)) == "0 kB" {
				found = append(found, m)
			}
			continue
		}
		if len(line) == 0 || line[0] >= 'A' && line[0] <= 'Z' {
			continue // another property of the mapping
		}
		fields := strings.Fields(string(line))
		if candidate = len(fields) > 5; !candidate {
			continue
		}
		from, to, _ := strings.Cut(fields[0], "-")
		low, err := strconv.ParseUint(from, 16, int(unsafe.Sizeof(m.from))*8)
		high, err2 := strconv.ParseUint(to, 16, int(unsafe.Sizeof(m.to))*8)
		m = mapping{uintptr(low), uintptr(high)}
		readOnly := fields[1] == "r-xp" || fields[1] == "r--p"
		candidate = err == nil && err2 == nil && readOnly && strings.HasPrefix(fields[5], "/")
	}
	return found
}
