package akucore

import (
	"fmt"
	"strings"
	"testing"
)

func TestStep_OfAThousandTables_NamesAFewAndCountsTheRest(t *testing.T) {
	m := Mesh{StatefulSet: "altibase", ServerCount: 2, Blocks: []Block{{Prefix: "AKU_REP"}}}
	for n := range 1001 {
		m.Blocks[0].Tables = append(m.Blocks[0].Tables, Table{User: "SYS", Name: fmt.Sprintf("TABLE_NUMBER_%d", n)})
	}
	tables := m.Blocks[0].Tables
	for _, s := range []Step{{Do: Truncate, Tables: tables}, {Do: AddTables, Side: Side{Peer: 1}, Tables: tables}, {Do: Create, Side: Side{Peer: 1}}} {
		said := s.Describe(m)
		if len(said) > 300 {
			t.Errorf("%d bytes: %s", len(said), said)
		}
		if s.Tables != nil && !strings.Contains(said, "TABLE_NUMBER_7 and 993 more") {
			t.Errorf("it does not count the rest: %s", said)
		}
	}
}
