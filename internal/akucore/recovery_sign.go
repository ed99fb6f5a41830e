package akucore

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// RecoverySign is the sign of a recovery: a replication object on the master that is
// never started. While it is there, the copy is being replaced, and the master stays
// closed. The XSNs alone do not tell: a SYNC that was cut may leave one behind as a
// complete one does. Nobody connects to its host; its port only keeps two signs apart, and
// its table is one that no user locks.
// Its name tells the source and, of a recovery by order, the generation.
func (m Mesh) RecoverySign(source int, generation string) ObjectSpec {
	name := fmt.Sprintf("%s%d", signPrefix, source)
	if generation != "" {
		name += "_" + generation
	}
	return ObjectSpec{Name: name, Host: "127.0.0.1", Port: 1 + source, Tables: []Table{m.Groups[0].Beat()}}
}

// RecoverySpec is the sign of a recovery that somebody runs by hand.
func (m Mesh) RecoverySpec(source int) ObjectSpec { return m.RecoverySign(source, "") }

const signPrefix = "AKU_RECOVERY_"

// A recoverySign is what the name of a sign tells.
type recoverySign struct {
	Source     int
	generation string // "" for a recovery by hand
}

// RecoverySigns are the signs on the master: one, or two when the source is about to
// change.
func (m Mesh) RecoverySigns(master State) []recoverySign {
	var signs []recoverySign
	for name := range master.Objects {
		number, generation, _ := strings.Cut(strings.TrimPrefix(name, signPrefix), "_")
		source, err := strconv.Atoi(number)
		if strings.HasPrefix(name, signPrefix) && err == nil && m.RecoverySign(source, generation).Name == name {
			signs = append(signs, recoverySign{source, generation})
		}
	}
	slices.SortFunc(signs, func(a, b recoverySign) int { return cmp.Compare(a.Source, b.Source) })
	return signs
}
