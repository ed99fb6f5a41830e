package altibase

import (
	"context"
	"errors"
	"fmt"

	"aku/internal/akucore"
)

// isUnknown tells whether the server gave an error whose number says nothing here.
func isUnknown(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.kind == nil
}

// orFull says of an object that could not be made whether the server has as many as it
// takes: ours, and those of others. No number stands for that, as nobody has seen the one
// of a real server.
func (c *session) orFull(ctx context.Context, refused error) error {
	held, err := c.query(ctx, "SELECT COUNT(*) FROM SYSTEM_.SYS_REPLICATIONS_")
	if err != nil || len(held) != 1 {
		return refused
	}
	takes, err := c.query(ctx, "SELECT VALUE1 FROM V$PROPERTY WHERE NAME = 'REPLICATION_MAX_COUNT'")
	if err != nil || len(takes) != 1 || held[0].int(0) < takes[0].int(0) {
		return refused
	}
	return fmt.Errorf("%w: the server has %d replication objects and takes %d: drop those that nobody needs, put the tables into fewer blocks, "+
		"or raise its REPLICATION_MAX_COUNT: %w", akucore.ErrFatal, held[0].int(0), takes[0].int(0), refused)
}
