package kube

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
)

// Others are the StatefulSets beside this one that are made from the same chart for the
// same release, whatever their names. It tries again until the context ends.
//
// The release is taken from the selector of the pods: nobody can change that, while
// Argo CD may write the name of its application over the label of the object.
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
