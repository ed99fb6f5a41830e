//go:build e2e

package e2e

import (
	"fmt"
	"sync"
	"time"
)

// survived are the faults after which every pod held every acknowledged row.
var survived faults

type faults struct {
	mu    sync.Mutex
	begun int
	lines []string
	total int
}

// begin notes that a fault is about to happen.
func (f *faults) begin() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begun++
}

// add notes a fault. It is called when the comparison of all pods has found nothing lost.
func (f *faults) add(name string, written int, took time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lines = append(f.lines, fmt.Sprintf("  %-66s %6d written, 0 lost, %5.1f s", name, written, took.Seconds()))
	f.total += written
}

// print is called when all tests have ended.
func (f *faults) print() {
	if f.begun == 0 {
		return
	}
	fmt.Printf("faults survived: %d of %d; %d changes were acknowledged, 0 lost in those\n", len(f.lines), f.begun, f.total)
	for _, line := range f.lines {
		fmt.Println(line)
	}
}
