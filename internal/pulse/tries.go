package pulse

import (
	"context"
	"errors"
	"fmt"
)

// CutShort is the error of a try. Where the end of the context cut the try, it says little; then
// the error of the try before, nil at the first one, is in it, too.
func CutShort(ctx context.Context, err, before error) error {
	if before == nil || ctx.Err() == nil || !errors.Is(err, ctx.Err()) {
		return err
	}
	return fmt.Errorf("%w; the try before it: %w", err, before)
}
