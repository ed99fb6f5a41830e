package altibase

import (
	"fmt"
	"strings"
	"time"

	"aku/internal/akucore"
)

// The texts of the statements. A plan prints the same texts.

func createReplication(spec akucore.ObjectSpec) string {
	items := make([]string, len(spec.Tables))
	for i, t := range spec.Tables {
		items[i] = "FROM " + item(t) + " TO " + item(t)
	}
	return fmt.Sprintf("CREATE REPLICATION %s WITH '%s',%d %s", identifier(spec.Name), spec.Host, spec.Port, strings.Join(items, ", "))
}

func dropReplication(object string) string {
	return "DROP REPLICATION " + identifier(object)
}

func alterReplication(object, action string) string {
	return "ALTER REPLICATION " + identifier(object) + " " + action
}

// syncAction copies the given tables, or all when there are none.
func syncAction(parallel int, tables []akucore.Table) string {
	action := "SYNC"
	if parallel > 1 {
		action += fmt.Sprintf(" PARALLEL %d", parallel)
	}
	if len(tables) > 0 {
		items := make([]string, len(tables))
		for i, t := range tables {
			items[i] = item(t)
		}
		action += " TABLE " + strings.Join(items, ", ")
	}
	return action
}

func addTable(t akucore.Table) string  { return "ADD TABLE FROM " + item(t) + " TO " + item(t) }
func dropTable(t akucore.Table) string { return "DROP TABLE FROM " + item(t) + " TO " + item(t) }

func hostAction(verb, host string, port int) string {
	return fmt.Sprintf("%s HOST '%s',%d", verb, host, port)
}

// flushOfPlans is the wait that a plan prints.
const flushOfPlans = time.Minute

// flushAction waits whole seconds, at least one. With ALL, the FLUSH would follow the moving end of the log under a writer.
func flushAction(wait time.Duration) string {
	return fmt.Sprintf("FLUSH WAIT %d", max(1, int(wait.Seconds())))
}

func setSystem(property string, value int64) string {
	return fmt.Sprintf("ALTER SYSTEM SET %s = %d", property, value)
}

func truncate(t akucore.Table) string {
	table := identifier(t.User) + "." + identifier(t.Name)
	if t.Partition != "" {
		return "ALTER TABLE " + table + " TRUNCATE PARTITION " + identifier(t.Partition)
	}
	return "TRUNCATE TABLE " + table
}

// item is a table or partition in a replication clause.
func item(t akucore.Table) string {
	text := identifier(t.User) + "." + identifier(t.Name)
	if t.Partition != "" {
		text += " PARTITION " + identifier(t.Partition)
	}
	return text
}

// Statements are the texts of a step, for people to read or to run by hand. Waits
// and checks are printed as comments.
func Statements(m akucore.Mesh, s akucore.Step) []string {
	switch s.Do {
	case akucore.Truncate:
		texts := []string{setSystem("REPLICATION_DDL_ENABLE", 1)}
		for _, t := range s.Tables {
			texts = append(texts, truncate(t))
		}
		return append(texts, setSystem("REPLICATION_DDL_ENABLE", 0), "-- or leave it, if it was 1 before")
	case akucore.Close:
		return []string{setSystem("ADMIN_MODE", 1), "-- close the user sessions"}
	case akucore.Open:
		return []string{setSystem("ADMIN_MODE", 0)}
	case akucore.AllowSharing:
		return []string{setSystem("REPLICATION_ALLOW_DUPLICATE_HOSTS", 1)}
	case akucore.BeginRecovery:
		return []string{createReplication(m.RecoverySign(s.Peer, s.Generation))} // never started: a sign
	case akucore.EndRecovery:
		return []string{dropReplication(m.RecoverySign(s.Peer, s.Generation).Name)}
	case akucore.ForgetGivenUp:
		return []string{dropReplication(m.GivenUpSign(s.On, s.Peer).Name)}
	case akucore.AwaitLocks:
		return []string{setSystem("REPLICATION_LOCK_TIMEOUT", int64(m.ReceiverLockTimeout.Seconds()))}
	case akucore.MakeBeats:
		return []string{createBeatTable(m.Blocks[s.Block].Beat())}
	case akucore.DropBeats:
		return []string{dropBeatTable(m.Blocks[s.Block].Beat())}
	case akucore.BeginLife:
		return []string{fmt.Sprintf("-- INSERT the first beat of a life of %s into %s, with a number above %d", m.PodName(s.On), item(m.Blocks[s.Block].Beat()), s.Above)}
	case akucore.Settle:
		return []string{"-- wait until the transactions are over that SELECT ID, SESSION_ID FROM V$TRANSACTION WHERE FIRST_UPDATE_TIME > 0 names now"}
	case akucore.Delay:
		return []string{"-- wait " + s.For.String()}
	case akucore.Shutdown:
		return []string{"-- shut the server down"}
	}
	block := m.Blocks[s.Block]
	spec := s.Spec(m)
	switch s.Do {
	case akucore.Create:
		return []string{createReplication(spec)}
	case akucore.Drop:
		return []string{dropReplication(spec.Name)}
	case akucore.Start:
		if s.If != akucore.IfKept && !s.New {
			return []string{alterReplication(spec.Name, "START")}
		}
		return []string{alterReplication(spec.Name, string(akucore.StartRetry)), "-- until V$REPSENDER has it with STATUS 1; if it does not get there: STOP, and START, which says why"}
	case akucore.StartAndWait:
		return []string{alterReplication(spec.Name, "START")}
	case akucore.Sync, akucore.SyncTables:
		return []string{alterReplication(spec.Name, syncAction(block.Parallel, s.Copied(m)))}
	case akucore.AddTables, akucore.DropTables:
		return changeTables(s, spec.Name)
	case akucore.SetHost:
		return []string{alterReplication(spec.Name, hostAction("ADD", spec.Host, spec.Port)), "-- DROP HOST of any other host that it has"}
	case akucore.Deliver:
		return []string{
			insertNextBeat(block.Beat(), s.On),
			fmt.Sprintf("-- wait until SELECT MAX(SEQ) FROM %s WHERE POD = %d on %s is what it is here", item(block.Beat()), s.On, m.PodName(s.Peer)),
		}
	case akucore.Flush:
		return []string{alterReplication(spec.Name, flushAction(flushOfPlans))}
	}
	return []string{alterReplication(spec.Name, string(s.Do))}
}

func changeTables(s akucore.Step, object string) []string {
	action := addTable
	if s.Do == akucore.DropTables {
		action = dropTable
	}
	var texts []string
	for _, t := range s.Tables {
		texts = append(texts, alterReplication(object, action(t)))
	}
	return texts
}
