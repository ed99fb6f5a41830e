package altibase

import (
	"database/sql/driver"
	"errors"
	"strings"
	"testing"

	"aku/internal/akucore"
)

func TestStranger_IsToldNothingButAskedWhoItIs(t *testing.T) {
	const ours, theirs = "OURS", "THEIRS"
	for name, shown := range map[string]identity{
		"another pod of this mesh":      {ours, 2},
		"the same pod of another mesh":  {theirs, 1},
		"another pod of another mesh":   {theirs, 2},
		"the own pod under that name":   {ours, 0},
		"the own pod of another's mesh": {theirs, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{answer: func(statement string) ([][]driver.Value, error) {
				switch {
				case strings.Contains(statement, identityTable):
					return [][]driver.Value{{shown.mesh, int64(shown.pod)}}, nil
				case strings.Contains(statement, "SYS_REPLICATIONS_"):
					return [][]driver.Value{{"AKU_REP_01"}}, nil
				}
				return nil, nil
			}}
			servers := f.servers(t)
			servers.members.set(identity{ours, 0}, true)
			err := servers.Server(1).(*Server).Start(t.Context(), "AKU_REP_01")
			if !errors.Is(err, akucore.ErrStranger) || !strings.Contains(err.Error(), "nothing was changed there") {
				t.Errorf("a statement to a stranger: %v", err)
			}
			said := f.statements("")
			for i, statement := range said {
				first := strings.Contains(statement, identityTable)
				if !strings.HasPrefix(statement, "SELECT ") || (i == 0) != first {
					t.Errorf("it was told, in this order: %q", said)
					break
				}
			}
			servers.CloseIdle()
			if n := f.sessions(); n != 0 {
				t.Errorf("%d sessions to it stay open", n)
			}
		})
	}
}
