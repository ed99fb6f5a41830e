// Package metricstest lists the metrics for tests of documents and dashboards.
package metricstest

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"aku/internal/akucore"
	"aku/internal/metrics"
)

// Names are the names of all metrics of a sidecar.
func Names() []string {
	described := make(chan *prometheus.Desc)
	go func() {
		defer close(described)
		metrics.New(akucore.Mesh{}, "").Describe(described)
	}()
	var names []string
	for d := range described {
		var name string
		if _, err := fmt.Sscanf(d.String(), "Desc{fqName: %q", &name); err != nil {
			panic(fmt.Sprintf("%s: %v", d, err))
		}
		names = append(names, name)
	}
	return names
}
