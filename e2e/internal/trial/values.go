package trial

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/yaml"
)

// Values are values of the chart. When two are merged, the later ones win.
type Values = map[string]any

func merge(earlier, later Values) Values {
	merged := Values{}
	maps.Copy(merged, earlier)
	for key, value := range later {
		inner, isMap := value.(Values)
		if outer, both := merged[key].(Values); both && isMap {
			value = merge(outer, inner)
		}
		merged[key] = value
	}
	return merged
}

// ParseValues reads a text of values.
func ParseValues(text string) (Values, error) {
	var values Values
	err := yaml.Unmarshal([]byte(text), &values)
	return values, err
}

const (
	chart         = "charts/altibase"
	suiteValues   = "e2e/values.yaml"                // for the suites, whatever the server
	standInValues = "e2e/altisim/server-values.yaml" // for the stand-in server
)

// serverValues is the file that SERVER_VALUES names.
func serverValues(repository string) (string, error) {
	file := cmp.Or(os.Getenv("SERVER_VALUES"), filepath.Join(repository, standInValues))
	if _, err := os.Stat(file); err != nil {
		return "", fmt.Errorf("SERVER_VALUES: %w", err)
	}
	return filepath.Abs(file)
}

// Server are the values of every release: those of the suites, of the server under test, and the images.
func (c *Cluster) Server() (Values, error) {
	var merged Values
	for _, file := range []string{filepath.Join(c.repository, suiteValues), c.serverValues} {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		values, err := ParseValues(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		merged = merge(merged, values)
	}
	return merge(merged, c.Images.values()), nil
}

// FirstPassword is SYS's password in a new database of the server's image. It is empty when the image takes
// the Secret's.
func (c *Cluster) FirstPassword() (string, error) {
	server, err := c.Server()
	if err != nil {
		return "", err
	}
	defaults, err := os.ReadFile(filepath.Join(c.repository, chart, "values.yaml"))
	if err != nil {
		return "", err
	}
	values, err := ParseValues(string(defaults))
	if err != nil {
		return "", err
	}
	auth, _ := merge(values, server)["auth"].(Values)
	password, _ := auth["initialPassword"].(string)
	return password, nil
}

// render returns one object of the chart, with the server's values and further ones.
func (s *Space) render(ctx context.Context, template string, values Values, into any) error {
	text, err := s.Rendered(ctx, template, values)
	if err != nil {
		return err
	}
	return yaml.Unmarshal([]byte(strings.TrimSpace(text)), into)
}

// Rendered is a template of the chart, as a tool renders it that does not see the cluster.
func (s *Space) Rendered(ctx context.Context, template string, values Values) (string, error) {
	text, err := s.values(values)
	if err != nil {
		return "", err
	}
	out, err := s.cluster.run(ctx, text, s.cluster.helm(), s.in("template", release, chart, "--values", "-", "--show-only", "templates/"+template)...)
	return string(out), err
}

// values are the server's values and further ones, as helm reads them.
func (s *Space) values(more ...Values) ([]byte, error) {
	merged, err := s.cluster.Server()
	if err != nil {
		return nil, err
	}
	for _, values := range more {
		merged = merge(merged, values)
	}
	return json.Marshal(merged)
}

// StatefulSet is the chart's StatefulSet, which shows how the server under test runs.
func (s *Space) StatefulSet(ctx context.Context) (appsv1.StatefulSet, error) {
	var set appsv1.StatefulSet
	return set, s.render(ctx, "statefulset.yaml", nil, &set)
}
