package altibase

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aku/internal/akucore"
	"aku/internal/pulse"
	"aku/internal/pulse/pulsetest"
)

// What is done to many tables takes as long as it takes: each statement has its limit, and
// says that something moves.
func TestManyTables_TakeTheirTimeAndBeat(t *testing.T) {
	var tables []akucore.Table
	for i := range 1000 {
		tables = append(tables, akucore.Table{User: "SYS", Name: fmt.Sprint("T", i)})
	}
	for name, do := range map[string]func(context.Context, *Server) error{
		"TRUNCATE":   func(ctx context.Context, s *Server) error { return s.Truncate(ctx, tables) },
		"ADD TABLE":  func(ctx context.Context, s *Server) error { return s.AddTables(ctx, "R", tables, 0) },
		"DROP TABLE": func(ctx context.Context, s *Server) error { return s.DropTables(ctx, "R", tables, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answer: func(statement string) ([][]driver.Value, error) {
					if strings.Contains(statement, name) {
						time.Sleep(time.Second)
					}
					if strings.Contains(statement, "EXISTS") {
						return nil, said("42000", 0x31001, "SQL syntax error") // then all count as filled
					}
					if strings.Contains(statement, "V$PROPERTY") {
						return [][]driver.Value{{int64(0), int64(0)}}, nil
					}
					return nil, nil
				}}
				servers := f.servers(t)
				defer servers.CloseIdle()
				var moves pulse.Pulse
				longest := pulsetest.Silence(&moves)
				if err := do(pulse.With(t.Context(), &moves), own(servers)); err != nil {
					t.Error(err)
				}
				silent := longest()
				if n := len(f.statements(name)); n != len(tables) {
					t.Errorf("%d statements, want %d", n, len(tables))
				}
				if silent > 2*time.Second {
					t.Errorf("nothing has moved for %s", silent)
				}
			})
		})
	}
}

// A statement may queue for its locks for longer than anything else may take (AKU_LOCK_WAIT).
func TestQueueForALock_Beats(t *testing.T) {
	const wait = 10 * time.Minute
	tables := []akucore.Table{{User: "SYS", Name: "T1"}}
	for name, do := range map[string]func(context.Context, *Server) error{
		"CREATE REPLICATION": func(ctx context.Context, s *Server) error {
			return s.Create(ctx, akucore.ObjectSpec{Name: "R_01"}, wait)
		},
		"DROP REPLICATION": func(ctx context.Context, s *Server) error { return s.Drop(ctx, "R_01", wait) },
		"ADD TABLE":        func(ctx context.Context, s *Server) error { return s.AddTables(ctx, "R_01", tables, wait) },
		"DROP TABLE":       func(ctx context.Context, s *Server) error { return s.DropTables(ctx, "R_01", tables, wait) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				slow := after(wait - time.Second)
				f := &fake{answer: func(statement string) ([][]driver.Value, error) {
					if strings.Contains(statement, name) {
						slow()
					}
					return nil, nil
				}}
				servers := f.servers(t)
				defer servers.CloseIdle()
				var moves pulse.Pulse
				longest := pulsetest.Silence(&moves)
				if err := do(pulse.With(t.Context(), &moves), own(servers)); err != nil {
					t.Error(err)
				}
				if silent := longest(); silent > 2*time.Second {
					t.Errorf("nothing has moved for %s", silent)
				}
			})
		})
	}
}

func TestOneStatementThatHangs_HasALimitHoweverManyTablesThereAre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := after(time.Hour)
		f := &fake{answer: func(statement string) ([][]driver.Value, error) {
			if strings.Contains(statement, "TRUNCATE") {
				slow()
			}
			if strings.Contains(statement, "EXISTS") {
				return nil, said("42000", 0x31001, "SQL syntax error") // then all count as filled
			}
			if strings.Contains(statement, "V$PROPERTY") {
				return [][]driver.Value{{int64(0), int64(0)}}, nil
			}
			return nil, nil
		}}
		servers := f.servers(t)
		inTime(t, LongestCall, func() {
			if err := own(servers).Truncate(t.Context(), make([]akucore.Table, 1000)); err == nil {
				t.Error("it hangs, and nobody says so")
			}
		})
		servers.CloseIdle()
		time.Sleep(time.Hour)
	})
}
