package altibase

import (
	"context"
	"fmt"
	"time"

	"aku/internal/akucore"
)

// A row of a beat table has the pod that inserted it, its number, the number of the first
// row of its life, the pod's number before that life, and the time of the insertion.
func createBeatTable(t akucore.Table) string {
	return fmt.Sprintf("CREATE TABLE %s (POD INTEGER, SEQ BIGINT, LIFE BIGINT, PREV BIGINT, SENT_MS BIGINT, PRIMARY KEY (POD, SEQ))", item(t))
}

func dropBeatTable(t akucore.Table) string { return "DROP TABLE " + item(t) }

func insertBeat(t akucore.Table, pod int, b akucore.Beat) string {
	return fmt.Sprintf("INSERT INTO %s VALUES (%d, %d, %d, %d, %d)", item(t), pod, b.Number, b.Life, b.Prev, b.At)
}

// insertNextBeat needs no knowledge of the existing beats: MAX finds the newest life, because
// the numbers of lives grow, too.
func insertNextBeat(t akucore.Table, pod int) string {
	return fmt.Sprintf("INSERT INTO %[1]s SELECT %[2]d, MAX(SEQ) + 1, MAX(LIFE), MAX(PREV), MAX(SENT_MS) FROM %[1]s WHERE POD = %[2]d", item(t), pod)
}

// deleteBeats keeps the first beat of each life: these show the history of the pod.
func deleteBeats(t akucore.Table, pod int, before int64) string {
	return fmt.Sprintf("DELETE FROM %s WHERE POD = %d AND SEQ < %d AND SEQ <> LIFE", item(t), pod, before)
}

const (
	// beatTries is how often another process that beats for the pod may take the number first.
	beatTries = 5
	// livesKept is how many lives of a pod the table keeps.
	livesKept = 64
)

// MakeBeatTable creates a beat table.
func (s *Server) MakeBeatTable(ctx context.Context, t akucore.Table) error {
	return s.change(ctx, quickTimeout, createBeatTable(t))
}

// DropBeatTable drops a beat table.
func (s *Server) DropBeatTable(ctx context.Context, t akucore.Table) error {
	return s.change(ctx, quickTimeout, dropBeatTable(t))
}

// Beat inserts a beat. It is the last statement, so that it is the last commit, too.
func (s *Server) Beat(ctx context.Context, t akucore.Table, pod int) (akucore.Beat, error) {
	return s.beat(ctx, t, pod, akucore.Beats.Next)
}

// BeginLife inserts the first beat of a life.
func (s *Server) BeginLife(ctx context.Context, t akucore.Table, pod int, above int64) (akucore.Beat, error) {
	return s.beat(ctx, t, pod, func(b akucore.Beats, now int64) akucore.Beat { return b.Begin(above, now) })
}

func (s *Server) beat(ctx context.Context, t akucore.Table, pod int, next func(akucore.Beats, int64) akucore.Beat) (beat akucore.Beat, err error) {
	err = s.with(ctx, quickTimeout, func(ctx context.Context, c *session) error {
		for range beatTries {
			beats, err := c.beats(ctx, t, fmt.Sprintf(" WHERE POD = %d", pod))
			if err != nil {
				return err
			}
			if err := c.tidyBeats(ctx, t, pod, beats[pod]); err != nil {
				return err
			}
			beat = next(beats[pod], time.Now().UnixMilli())
			if err = c.exec(ctx, insertBeat(t, pod, beat)); !exists(err) {
				return err
			}
		}
		return err
	})
	return beat, err
}

// tidyBeats deletes beats that are no longer needed, if there are any: a DELETE costs log.
func (c *session) tidyBeats(ctx context.Context, t akucore.Table, pod int, beats akucore.Beats) error {
	if old := beats.Superseded(); old > 0 {
		if err := c.exec(ctx, deleteBeats(t, pod, beats.Newest().Number)); err != nil {
			return err
		}
	}
	if lives := beats.Lives(); len(lives) > livesKept {
		return c.exec(ctx, fmt.Sprintf("DELETE FROM %s WHERE POD = %d AND SEQ < %d", item(t), pod, lives[len(lives)-livesKept].Number))
	}
	return nil
}

// Beats are the beats of all pods.
func (s *Server) Beats(ctx context.Context, t akucore.Table) (map[int]akucore.Beats, error) {
	return read(ctx, s, quickTimeout, func(c *session, ctx context.Context) (map[int]akucore.Beats, error) { return c.beats(ctx, t, "") })
}

func (c *session) beats(ctx context.Context, t akucore.Table, where string) (map[int]akucore.Beats, error) {
	rows, err := c.query(ctx, "SELECT POD, SEQ, LIFE, PREV, SENT_MS FROM "+item(t)+where+" ORDER BY POD, SEQ")
	if err != nil {
		return nil, err
	}
	beats := map[int]akucore.Beats{}
	for _, r := range rows {
		pod := int(r.int(0))
		beats[pod] = append(beats[pod], akucore.Beat{Number: r.int(1), Life: r.int(2), Prev: r.int(3), At: r.int(4)})
	}
	return beats, nil
}

// beatsOf reads the beat tables that exist.
func (c *session) beatsOf(ctx context.Context, tables []akucore.Table) (map[akucore.Table]map[int]akucore.Beats, error) {
	found := make(map[akucore.Table]map[int]akucore.Beats, len(tables))
	for _, t := range tables {
		beats, err := c.beats(ctx, t, "")
		if unlessUnknown(err) != nil {
			return nil, err
		}
		if err == nil {
			found[t] = beats
		}
	}
	return found, nil
}

// ForgetBeats deletes all beats of a pod.
func (s *Server) ForgetBeats(ctx context.Context, t akucore.Table, pod int) error {
	return s.with(ctx, quickTimeout, func(ctx context.Context, c *session) error {
		return c.exec(ctx, fmt.Sprintf("DELETE FROM %s WHERE POD = %d", item(t), pod))
	})
}

// Arrived looks for a beat, or a later one.
func (s *Server) Arrived(ctx context.Context, t akucore.Table, pod int, number int64) (bool, error) {
	beats, err := s.count(ctx, quickTimeout, fmt.Sprintf("SELECT COUNT(*) FROM %s WHERE POD = %d AND SEQ >= %d", item(t), pod, number))
	return beats > 0, err
}

// Carries reports whether a table is among the items of an object.
func (s *Server) Carries(ctx context.Context, object string, t akucore.Table) (bool, error) {
	items, err := s.count(ctx, quickTimeout, fmt.Sprintf("SELECT COUNT(*) FROM SYSTEM_.SYS_REPL_ITEMS_ WHERE REPLICATION_NAME = %s AND LOCAL_USER_NAME = %s AND LOCAL_TABLE_NAME = %s",
		literal(object), literal(t.User), literal(t.Name)))
	return items > 0, err
}
