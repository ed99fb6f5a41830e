package kube

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
)

// Others are the other StatefulSets of the same release and chart, whatever their names. It tries
// again until the context ends.
//
// The release is read from the pods' selector. Nobody can change a selector, while Argo CD may
// overwrite the same label of the object with the name of its application.
func (s StatefulSet) Others(ctx context.Context, log *slog.Logger, release, chart string) (names []string, err error) {
	fromChart, err := regexp.Compile("^" + regexp.QuoteMeta(chart) + `-[0-9]+\.`)
	if err != nil {
		return nil, err
	}
	var sets struct {
		Items []setObject `json:"items"`
	}
	err = insist(ctx, log, func() error {
		return s.call(ctx, request{method: http.MethodGet, path: setsPath, into: &sets, right: "list on StatefulSets"})
	})
	if err != nil {
		return nil, fmt.Errorf("the StatefulSets of release %s: %w", release, err)
	}
	for _, set := range sets.Items {
		if set.Metadata.Name != s.Name && set.Spec.Selector.MatchLabels["app.kubernetes.io/instance"] == release && fromChart.MatchString(set.Metadata.Labels["helm.sh/chart"]) {
			names = append(names, set.Metadata.Name)
		}
	}
	return names, nil
}
