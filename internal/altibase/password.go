package altibase

import (
	"fmt"
	"strings"
	"unicode"

	"aku/internal/akucore"
)

// maxPasswordBytes is the longest password that the server takes; above it a login fails
// with ERR-41061.
const maxPasswordBytes = 40

// CheckPassword tells why no user of the server can have the password. It does not say
// the password.
func CheckPassword(password string) error {
	switch {
	case len(password) > maxPasswordBytes:
		return fmt.Errorf("it is %d bytes long, and the server takes at most %d: choose a shorter one", len(password), maxPasswordBytes)
	case strings.ContainsAny(password, `'"`):
		return fmt.Errorf("it has a single or double quote in it, which the server takes in no password: choose one without")
	case strings.ContainsFunc(password, unicode.IsControl):
		return fmt.Errorf("it has a line end or another control character in it: choose one without")
	}
	return nil
}

// quotedPassword is a password as ALTER USER takes it with small letters and signs.
func quotedPassword(password string) (string, error) {
	if err := CheckPassword(password); err != nil {
		return "", fmt.Errorf("%w: a password cannot be given to SYS: %w", akucore.ErrPassword, err)
	}
	return `"` + password + `"`, nil
}
