package process

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"unsafe"
)

// Settle gives back what a start has used and a long wait does not need: freed heap,
// and the pages of programs and libraries, which the kernel maps in large pieces
// around each one that is touched. Those that are used come back from the page cache.
func Settle() {
	giveBack("")
	debug.FreeOSMemory()
}

// Rest is Settle for a program at work: it gives back freed heap and the pages of the
// program itself, which unlike those of libraries never move.
func Rest() {
	if exe, err := os.Executable(); err == nil {
		giveBack(exe)
	}
	debug.FreeOSMemory()
}

// giveBack gives back the pages of one file, or of all when it has no name.
func giveBack(file string) {
	maps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return
	}
	defer maps.Close()
	for _, m := range fileMappings(maps, file) {
		// Without a page of its own a mapping is what its file is, so nothing is lost.
		_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, m.from, m.to-m.from, syscall.MADV_DONTNEED)
	}
}

type mapping struct{ from, to uintptr }

// fileMappings are the private mappings of files that are never written to and have
// no changed page, in the format of /proc/PID/smaps; of one file, or of all.
func fileMappings(smaps io.Reader, file string) []mapping {
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
		readOnly, name := fields[1] == "r-xp" || fields[1] == "r--p", fields[5]
		candidate = err == nil && err2 == nil && readOnly && strings.HasPrefix(name, "/") && (file == "" || name == file)
	}
	return found
}
