package akucore

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// RecoverySign is the sign of a recovery: a replication object on the master that is never
// started. While it exists, the copy is being replaced, and the master stays closed. XSNs do
// not show this: an interrupted SYNC may leave an XSN like a complete one.
// The name has the source and, when the recovery was ordered, the generation. No server
// connects to the host, the port distinguishes two signs, and no user locks the table.
func (m Mesh) RecoverySign(source int, generation string) ObjectSpec {
	name := fmt.Sprintf("%s%d", signPrefix, source)
	if generation != "" {
		name += "_" + generation
	}
	return ObjectSpec{Name: name, Host: "127.0.0.1", Port: 1 + source, Tables: []Table{m.Blocks[0].Beat()}}
}

const signPrefix = "AKU_RECOVERY_"

// Sign is the content of the name of a recovery sign.
type Sign struct {
	Source     int
	generation string // "" for a recovery by hand
}

// RecoverySigns are the signs on the master: one, or two when the source is about to
// change.
func (m Mesh) RecoverySigns(master State) []Sign {
	var signs []Sign
	for name := range master.Objects {
		number, generation, _ := strings.Cut(strings.TrimPrefix(name, signPrefix), "_")
		source, err := strconv.Atoi(number)
		if strings.HasPrefix(name, signPrefix) && err == nil && m.RecoverySign(source, generation).Name == name {
			signs = append(signs, Sign{source, generation})
		}
	}
	slices.SortFunc(signs, func(a, b Sign) int { return cmp.Compare(a.Source, b.Source) })
	return signs
}
