package password

import (
	"strings"
	"testing"
)

func TestCheck_SaysWhatTheServerTakesInNoPassword(t *testing.T) {
	for password, says := range map[string]string{
		"": "", "MANAGER": "", "a;b{c}d}=e f!": "", "비밀번호": "", strings.Repeat("x", 40): "",
		strings.Repeat("x", 41): "41 bytes long", strings.Repeat("한", 14): "42 bytes long", "p'w": "quote", `p"w`: "quote", "p\nw": "control",
	} {
		err := Check(password)
		if (err != nil) != (says != "") || err != nil && (!strings.Contains(err.Error(), says) || strings.Contains(err.Error(), password)) {
			t.Errorf("%q: %v, want %q", password, err, says)
		}
	}
}
