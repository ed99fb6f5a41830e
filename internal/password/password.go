// Package password knows which passwords an Altibase server accepts.
package password

import (
	"fmt"
	"strings"
	"unicode"
)

// maxBytes is the longest password that the server takes; above it a login fails with
// ERR-41061.
const maxBytes = 40

// Check tells why no user of the server can have the password. Its error does not
// contain the password.
func Check(password string) error {
	switch {
	case len(password) > maxBytes:
		return fmt.Errorf("it is %d bytes long, and the server takes at most %d: choose a shorter one", len(password), maxBytes)
	case strings.ContainsAny(password, `'"`):
		return fmt.Errorf("it has a single or double quote in it, which the server takes in no password: choose one without")
	case strings.ContainsFunc(password, unicode.IsControl):
		return fmt.Errorf("it has a line end or another control character in it: choose one without")
	}
	return nil
}
