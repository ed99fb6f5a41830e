package store

import (
	"context"
	"database/sql"
	"strconv"
	"time"
)

// StartTime returns the second at which this server starts. It is later than every earlier start, so that
// starts can be told apart.
func (s *Store) StartTime(ctx context.Context, now time.Time) (time.Time, error) {
	start := now.Unix()
	err := s.direct(ctx, false, false, func(conn *sql.Conn) error {
		var last string
		err := conn.QueryRowContext(ctx, "SELECT value FROM _meta WHERE key = 'started'").Scan(&last)
		if err == nil {
			n, _ := strconv.ParseInt(last, 10, 64)
			start = max(start, n+1)
		} else if err != sql.ErrNoRows {
			return err
		}
		return exec(ctx, conn, "INSERT OR REPLACE INTO _meta (key, value) VALUES ('started', ?)", strconv.FormatInt(start, 10))
	})
	return time.Unix(start, 0), err
}
