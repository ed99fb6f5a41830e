package simulation

import (
	"cmp"
	"context"
	"slices"
	"time"

	"aku/internal/akucore"
)

// A beat table is a table like any other. Its rows have pod and number as the key. The value names the life;
// the model stores the lives apart.

// beatLife is what the rows of a life have in common.
type beatLife struct{ life, prev int64 }

// beatKey is the key of a beat's row: of a pod, or of a probe, which has a negative number.
func beatKey(pod int, number int64) int { return int(number)*beatKeys + beatKeys/2 + pod }

func ofBeatKey(key int) (pod int, number int64) {
	return key%beatKeys - beatKeys/2, int64(key / beatKeys)
}

// beatKeys is more than twice the number of any probe.
const beatKeys = 512

func (s *server) beats(t int) map[int]akucore.Beats {
	all := map[int]akucore.Beats{}
	for key, life := range s.volume.rows[t] {
		pod, number := ofBeatKey(key)
		l := s.w.lives[life]
		all[pod] = append(all[pod], akucore.Beat{Number: number, Life: l.life, Prev: l.prev, At: number})
	}
	for _, beats := range all {
		slices.SortFunc(beats, func(a, b akucore.Beat) int { return cmp.Compare(a.Number, b.Number) })
	}
	return all
}

// beat writes a beat and deletes the beats that nobody needs any more, each as soon as the table is free.
func (s *server) beat(ctx context.Context, t, pod int, next func(akucore.Beats, int64) akucore.Beat) (b akucore.Beat, err error) {
	err = s.asUser(ctx, t, func() {
		beats := s.beats(t)[pod]
		for i, b := range beats {
			if i < len(beats)-1 && b.Number != b.Life {
				s.volume.write(row{place{t, beatKey(pod, b.Number)}, 0}, nil)
			}
		}
	})
	if err != nil {
		return akucore.Beat{}, err
	}
	err = s.asUser(ctx, t, func() {
		b = next(s.beats(t)[pod], time.Now().UnixMilli())
		s.writeBeat(t, pod, b, nil)
	})
	return b, err
}

// writeBeat writes a beat at the end of a transaction; nil for one of its own. Callers hold the lock.
func (s *server) writeBeat(t, pod int, b akucore.Beat, end *transaction) {
	s.volume.write(row{place{t, beatKey(pod, b.Number)}, s.w.lifeOf(beatLife{b.Life, b.Prev})}, end)
}

// asUser changes rows of a table in a transaction of its own.
func (s *server) asUser(ctx context.Context, table int, change func()) error {
	s.w.mu.Lock()
	held := s.lock(table, writes)
	s.w.mu.Unlock()
	if err := held.await(ctx, forEver, int(applies)); err != nil {
		return err
	}
	return s.change(func() error {
		defer held.leave()
		change()
		s.touched[table] = time.Now()
		s.wrote()
		return nil
	})
}

// lifeOf is the value that stands for a life.
func (w *world) lifeOf(l beatLife) int64 {
	for id, known := range w.lives {
		if known == l {
			return id
		}
	}
	id := int64(len(w.lives) + 1)
	w.lives[id] = l
	return id
}

func (s *server) hasBeats(t int) bool { return s.volume.beatTables[t] }

func (c *conn) MakeBeatTable(ctx context.Context, t akucore.Table) error {
	return c.run(ctx, quickTimeout, "CREATE TABLE", t.String(), func(_ context.Context, s *server) error {
		return s.change(func() error {
			if s.hasBeats(table(t)) {
				return akucore.ErrDone
			}
			s.volume.beatTables[table(t)] = true
			return nil
		})
	})
}

func (c *conn) DropBeatTable(ctx context.Context, t akucore.Table) error {
	return c.run(ctx, quickTimeout, "DROP TABLE", t.String(), func(_ context.Context, s *server) error {
		return s.change(func() error {
			if !s.hasBeats(table(t)) {
				return akucore.ErrNoTable
			}
			delete(s.volume.beatTables, table(t))
			return nil
		})
	})
}

func (c *conn) Beat(ctx context.Context, t akucore.Table, pod int) (akucore.Beat, error) {
	return c.insertBeat(ctx, "BEAT", t, pod, akucore.Beats.Next)
}

func (c *conn) BeginLife(ctx context.Context, t akucore.Table, pod int, above int64) (akucore.Beat, error) {
	return c.insertBeat(ctx, "BEGIN LIFE", t, pod, func(b akucore.Beats, now int64) akucore.Beat { return b.Begin(above, now) })
}

func (c *conn) insertBeat(ctx context.Context, what string, t akucore.Table, pod int, next func(akucore.Beats, int64) akucore.Beat) (b akucore.Beat, err error) {
	err = c.run(ctx, quickTimeout, what, t.String(), func(ctx context.Context, s *server) (err error) {
		err = s.change(func() error {
			if !s.hasBeats(table(t)) {
				return akucore.ErrNoTable
			}
			return nil
		})
		if err == nil {
			b, err = s.beat(ctx, table(t), pod, next)
		}
		return err
	})
	return b, err
}

func (c *conn) Beats(ctx context.Context, t akucore.Table) (beats map[int]akucore.Beats, err error) {
	err = c.read(ctx, "beats", func(s *server) { beats = s.beats(table(t)) })
	return beats, err
}

func (c *conn) Arrived(ctx context.Context, t akucore.Table, pod int, number int64) (arrived bool, err error) {
	there := true
	err = c.read(ctx, "arrived "+t.String(), func(s *server) {
		there = s.hasBeats(table(t))
		arrived = s.beats(table(t))[pod].Newest().Number >= number || c.w.options.Unawaited
	})
	if err == nil && !there {
		err = akucore.ErrNoTable
	}
	return arrived, err
}

func (c *conn) Carries(ctx context.Context, object string, t akucore.Table) (carries bool, err error) {
	err = c.read(ctx, "carries "+object, func(s *server) {
		if o := s.volume.objects[object]; o != nil {
			_, carries = o.items[table(t)]
		}
	})
	return carries, err
}

func (c *conn) ReceiverLockTimeout(ctx context.Context) (wait time.Duration, err error) {
	err = c.read(ctx, "REPLICATION_LOCK_TIMEOUT", func(s *server) { wait = s.lockTimeout })
	return wait, err
}

func (c *conn) SetReceiverLockTimeout(ctx context.Context, wait time.Duration) error {
	return c.run(ctx, quickTimeout, "REPLICATION_LOCK_TIMEOUT", wait.String(), func(_ context.Context, s *server) error {
		return s.change(func() error { s.lockTimeout = wait; return nil })
	})
}
