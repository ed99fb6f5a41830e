package trial

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// RestartNode cuts the node's power and restores it: every process ends at once, disks stay. It needs the
// cluster of this checkout.
func (s *Space) RestartNode(ctx context.Context) error {
	for _, script := range [][]string{{"down.sh", "--keep"}, {"up.sh"}} {
		out, err := exec.CommandContext(ctx, filepath.Join(s.cluster.repository, "e2e/cluster", script[0]), script[1:]...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s: %w", script[0], commandError(err, strings.TrimSpace(string(out))))
		}
	}
	return nil
}
