package kube

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
)

// uninstalling is the label on Helm's record of a release during its uninstallation. Helm 3.14 to 4
// write it before they create the first hook.
const uninstalling = "uninstalling"

// Release is a release of Helm in the pod's own namespace.
type Release struct {
	Name string
	// First and Last bound the revision of its newest record. A rollback renders an earlier
	// revision's text under a revision of its own.
	First, Last int
	API
}

// EndWith scales to 0 when Helm is uninstalling the release. Otherwise another tool runs this Job,
// and EndWith touches nothing.
func (s StatefulSet) EndWith(ctx context.Context, log *slog.Logger, r Release, most int) error {
	proven, err := r.Uninstalling(ctx, log)
	switch {
	case err != nil:
		return fmt.Errorf("nothing was touched: whether Helm is uninstalling %s cannot be seen: %w", r.Name, err)
	case !proven:
		log.Warn("nothing was touched: no record of Helm says that this release is being uninstalled. Where something else deletes it, "+
			"or Helm keeps its records elsewhere, scale to 0 first, or set hooks.endInOrder.force", "release", r.Name, "statefulset", s.Name)
		return nil
	}
	return s.ScaleToZero(ctx, log, most)
}

// Uninstalling tells whether one of the release's records (a Secret or a ConfigMap for each
// revision) says that Helm is uninstalling it. It tries again until the context ends. A record that
// does not exist, or is elsewhere, counts as no.
func (r Release) Uninstalling(ctx context.Context, log *slog.Logger) (bool, error) {
	for revision := r.First; revision <= r.Last; revision++ {
		for _, kind := range []string{"secrets", "configmaps"} {
			status, err := ask(ctx, log, func() (string, error) { return r.status(ctx, kind, revision) })
			if err != nil && !errors.Is(err, errNotFound) {
				return false, err
			}
			if status == uninstalling {
				return true, nil
			}
		}
	}
	return false, nil
}

// status reads only the labels, because the record itself holds all values of the release.
func (r Release) status(ctx context.Context, kind string, revision int) (string, error) {
	var record struct {
		Metadata struct {
			Labels map[string]string `json:"labels"`
		} `json:"metadata"`
	}
	name := fmt.Sprintf("sh.helm.release.v1.%s.v%d", r.Name, revision)
	err := r.call(ctx, request{
		method: http.MethodGet, path: "/api/v1/namespaces/{namespace}/" + kind + "/" + url.PathEscape(name), into: &record,
		metadataOnly: true, right: "get on " + kind + " " + name,
	})
	if err != nil {
		return "", fmt.Errorf("%s of Helm: %w", name, err)
	}
	return record.Metadata.Labels["status"], nil
}
