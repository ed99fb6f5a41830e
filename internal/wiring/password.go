package wiring

import (
	"fmt"
	"os"
	"strings"

	"aku/internal/password"
	"aku/internal/settings"
)

// readPassword reads the file at every call, so that a changed Secret is seen.
func readPassword(s settings.Settings) (string, error) {
	if s.PasswordFile == "" {
		return s.Password, nil
	}
	content, err := os.ReadFile(s.PasswordFile)
	if err != nil {
		return "", err
	}
	text := strings.TrimRight(string(content), "\r\n")
	if text == "" {
		return "", fmt.Errorf("%s is empty", s.PasswordFile)
	}
	if err := password.Check(text); err != nil {
		return "", fmt.Errorf("%s holds no valid password: %w", s.PasswordFile, err)
	}
	return text, nil
}
