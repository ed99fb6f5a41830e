package wiring

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aku/internal/akucore"
	"aku/internal/settings"
)

func TestRecoveryOrder_IsReadAnew_AndABrokenOneIsNone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "order.json")
	s := settings.Settings{RecoverFile: file}
	for _, test := range []struct {
		text string
		want akucore.RecoveryOrder
	}{
		{"", akucore.RecoveryOrder{}},
		{`{"from":1,"generation":"1-48213"}`, akucore.RecoveryOrder{From: 1, Generation: "1-48213"}},
		{`{"from":2,"generation":"2-7"}`, akucore.RecoveryOrder{From: 2, Generation: "2-7"}},
		{`{"from":2,"generation":"1-48213"}`, akucore.RecoveryOrder{}},
		{`{"from":1,"generation":"1-"}`, akucore.RecoveryOrder{}},
		{`{"from":1,"generation":"1-7; DROP"}`, akucore.RecoveryOrder{}},
		{`{"from":1}`, akucore.RecoveryOrder{}},
		{`{"from":1,"gener`, akucore.RecoveryOrder{}},
	} {
		if test.text != "" {
			if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		options, err := StartOptions(s)
		if none := test.want == (akucore.RecoveryOrder{}); none != (err != nil) && test.text != "" {
			t.Errorf("%s: %v", test.text, err)
		}
		if diff := cmp.Diff(test.want, options.Recover); diff != "" {
			t.Errorf("%s: %s", test.text, diff)
		}
	}
}
