package altibase

import (
	"fmt"

	"aku/internal/akucore"
	"aku/internal/password"
)

// quotedPassword quotes a password for ALTER USER, so that small letters and signs are kept.
func quotedPassword(text string) (string, error) {
	if err := password.Check(text); err != nil {
		return "", fmt.Errorf("%w: a password cannot be given to SYS: %w", akucore.ErrPassword, err)
	}
	return `"` + text + `"`, nil
}
