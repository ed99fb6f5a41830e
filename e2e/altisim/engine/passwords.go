package engine

import "strings"

// maxPassword is the longest password, in bytes.
const maxPassword = 40

// NewPassword checks a new password.
func NewPassword(text string) error {
	if len(text) > maxPassword {
		return ErrNameTooLong
	}
	return nil
}

// samePassword compares passwords as CASE_SENSITIVE_PASSWORD says.
func (s *Server) samePassword(a, b string) bool {
	if s.Property("CASE_SENSITIVE_PASSWORD") == "0" {
		return strings.EqualFold(a, b)
	}
	return a == b
}
