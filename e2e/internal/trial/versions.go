package trial

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

const versionsLimit = time.Minute

// Versions are the versions of Kubernetes, as its API server reports it, and of helm.
func (c *Cluster) Versions(ctx context.Context) (kubernetes, helm string, err error) {
	ctx, cancel := context.WithTimeout(ctx, patient(versionsLimit))
	defer cancel()
	out, err := c.run(ctx, nil, "kubectl", "version", "--output=json")
	if err != nil {
		return "", "", err
	}
	var said struct {
		ServerVersion struct{ GitVersion string }
	}
	if err := json.Unmarshal(out, &said); err != nil {
		return "", "", fmt.Errorf("kubectl version printed %q: %w", out, err)
	}
	out, err = c.run(ctx, nil, c.helm(), "version", "--template={{.Version}}")
	return said.ServerVersion.GitVersion, strings.TrimSpace(string(out)), err
}
