package altibase

import (
	"database/sql/driver"
	"errors"
	"strings"
	"testing"

	"aku/internal/akucore"
)

func TestCreate_OnAServerThatIsFull_SaysSoWhateverTheNumber(t *testing.T) {
	const refused = "what a server says"
	for name, test := range map[string]struct {
		native      int
		held, takes int64
		kind        error
		full        bool
	}{
		"full":                             {0x61FFF, 32, 32, akucore.ErrFatal, true},
		"full, of an unknown driver":       {0, 32, 32, akucore.ErrFatal, true},
		"over full: it was lowered":        {0x61FFF, 33, 32, akucore.ErrFatal, true},
		"room is left":                     {0x61FFF, 31, 32, nil, false},
		"full, and refused for a lock":     {0x11075, 32, 32, akucore.ErrLocked, false},
		"full, and the object is there":    {0x61100, 32, 32, akucore.ErrDone, false},
		"full, and a table is not":         {0x61111, 32, 32, akucore.ErrFatal, false},
		"full, and the connection is lost": {0x91015, 32, 32, akucore.ErrUnreachable, false},
	} {
		inBubble(t, name, func(t *testing.T) {
			f := &fake{answer: func(statement string) ([][]driver.Value, error) {
				switch {
				case strings.HasPrefix(statement, "CREATE REPLICATION"):
					return nil, said("HY000", test.native, refused)
				case strings.Contains(statement, "SELECT COUNT(*) FROM SYSTEM_.SYS_REPLICATIONS_"):
					return [][]driver.Value{{test.held}}, nil
				case strings.Contains(statement, "REPLICATION_MAX_COUNT"):
					return [][]driver.Value{{test.takes}}, nil
				}
				return nil, nil
			}}
			servers := f.servers(t)
			defer servers.CloseIdle()
			err := own(servers).Create(t.Context(), akucore.ObjectSpec{Name: "AKU_REP_01", Host: "h", Port: 20301}, 0)
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), refused) {
				t.Errorf("the server's own words are lost: %v", err)
			}
			if test.kind != nil && !errors.Is(err, test.kind) || test.kind == nil && errors.Is(err, akucore.ErrFatal) {
				t.Errorf("it is of another kind than %v: %v", test.kind, err)
			}
			if said := strings.Contains(err.Error(), "raise its REPLICATION_MAX_COUNT"); said != test.full {
				t.Errorf("whether it says that the server is full: %v", err)
			}
		})
	}
}
