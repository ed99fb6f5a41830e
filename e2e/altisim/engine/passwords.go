package engine

import "strings"

// maxPassword is how long a password may be, in bytes.
const maxPassword = 40

// NewPassword looks whether a password is one.
func NewPassword(text string) error {
	if len(text) > maxPassword {
		return ErrNameTooLong
	}
	return nil
}

// samePassword compares as CASE_SENSITIVE_PASSWORD says.
func (s *Server) samePassword(a, b string) bool {
	if s.Property("CASE_SENSITIVE_PASSWORD") == "0" {
		return strings.EqualFold(a, b)
	}
	return a == b
}
