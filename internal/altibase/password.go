package altibase

import (
	"fmt"

	"aku/internal/akucore"
	"aku/internal/password"
)

// quotedPassword is a password as ALTER USER takes it with small letters and signs.
func quotedPassword(text string) (string, error) {
	if err := password.Check(text); err != nil {
		return "", fmt.Errorf("%w: a password cannot be given to SYS: %w", akucore.ErrPassword, err)
	}
	return `"` + text + `"`, nil
}
