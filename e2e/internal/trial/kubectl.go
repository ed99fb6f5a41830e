package trial

import (
	"context"
	"encoding/json"

	"sigs.k8s.io/yaml"
)

// Kubectl runs kubectl in the namespace, as a user does who follows a page of the documentation, and returns what it printed.
func (s *Space) Kubectl(ctx context.Context, stdin string, args ...string) (string, error) {
	var in []byte
	if stdin != "" {
		in = []byte(stdin)
	}
	out, err := s.kubectl(ctx, in, args...)
	return string(out), err
}

// InstallWith installs the chart with files of values alone, as they stand: nothing of them is of this package.
func (s *Space) InstallWith(ctx context.Context, values ...string) error {
	merged := Values{}
	for _, text := range values {
		var layer Values
		if err := yaml.Unmarshal([]byte(text), &layer); err != nil {
			return err
		}
		merged = merge(merged, layer)
	}
	text, err := json.Marshal(merged)
	if err != nil {
		return err
	}
	return s.helm(ctx, text, "install", release, chart, "--values", "-")
}
