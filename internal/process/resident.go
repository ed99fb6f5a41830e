package process

import (
	"bufio"
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
	debug.FreeOSMemory()
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
		fields := strings.Fields(lines.Text())
		switch {
		case len(fields) > 1 && fields[0] == "Anonymous:":
			if candidate && fields[1] == "0" {
				found = append(found, m)
			}
		case len(fields) >= 5 && !strings.HasSuffix(fields[0], ":"):
			from, to, _ := strings.Cut(fields[0], "-")
			low, err := strconv.ParseUint(from, 16, int(unsafe.Sizeof(m.from))*8)
			high, err2 := strconv.ParseUint(to, 16, int(unsafe.Sizeof(m.to))*8)
			m = mapping{uintptr(low), uintptr(high)}
			readOnly := fields[1] == "r-xp" || fields[1] == "r--p"
			candidate = err == nil && err2 == nil && readOnly && len(fields) > 5 && strings.HasPrefix(fields[5], "/")
		}
	}
	return found
}
