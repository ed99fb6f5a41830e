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
	for name, test := range map[string]struct {
		shown identity
		said  string
	}{
		"another pod of this mesh":     {identity{ours, 2}, "what answers for pod 1 is the server of pod 2: nothing was changed there"},
		"the same pod of another mesh": {identity{theirs, 1}, "what answers for pod 1 belongs to another mesh (THEIRS, here it is OURS): nothing was changed there"},
		"another pod of another mesh":  {identity{theirs, 2}, "is the server of pod 2: nothing was changed there"},
		"the own pod under that name":  {identity{ours, 0}, "is the server of pod 0: nothing was changed there"},
	} {
		inBubble(t, name, func(t *testing.T) {
			f := &fake{answer: func(statement string) ([][]driver.Value, error) {
				switch {
				case strings.Contains(statement, identityTable):
					return [][]driver.Value{{test.shown.mesh, int64(test.shown.pod)}}, nil
				case strings.Contains(statement, "SYS_REPLICATIONS_"):
					return [][]driver.Value{{"AKU_REP_01"}}, nil
				}
				return nil, nil
			}}
			servers := f.servers(t)
			servers.member.Store(&membership{identity{ours, 0}, true})
			err := servers.Server(1).(*Server).Start(t.Context(), "AKU_REP_01")
			if !errors.Is(err, akucore.ErrStranger) || !strings.Contains(err.Error(), test.said) {
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
