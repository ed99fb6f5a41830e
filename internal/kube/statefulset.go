// Package kube makes aku's few requests to the Kubernetes API: it reads the replica
// count of the StatefulSet that aku belongs to, creates Events of a pod, and scales
// the StatefulSet to 0 before a release is deleted.
package kube

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// StatefulSet is one StatefulSet in the pod's own namespace.
type StatefulSet struct {
	Name string
	API
}

// Replicas is spec.replicas.
func (s StatefulSet) Replicas(ctx context.Context) (int, error) {
	var set struct {
		Spec struct {
			Replicas *int `json:"replicas"`
		} `json:"spec"`
	}
	if err := s.call(ctx, request{method: http.MethodGet, path: s.path(), into: &set, right: "get on this StatefulSet"}); err != nil {
		return 0, fmt.Errorf("replicas of StatefulSet %s: %w", s.Name, err)
	}
	if set.Spec.Replicas == nil {
		return 1, nil // the API's own default
	}
	return *set.Spec.Replicas, nil
}

// scale sets spec.replicas.
func (s StatefulSet) scale(ctx context.Context, replicas int) error {
	patch := map[string]any{"spec": map[string]any{"replicas": replicas}}
	err := s.call(ctx, request{method: http.MethodPatch, path: s.path() + "/scale", body: patch, right: "patch on the scale of this StatefulSet"})
	if err != nil {
		return fmt.Errorf("scale StatefulSet %s to %d: %w", s.Name, replicas, err)
	}
	return nil
}

// path is where the API has the StatefulSet; {namespace} stands for the own one.
func (s StatefulSet) path() string {
	return "/apis/apps/v1/namespaces/{namespace}/statefulsets/" + url.PathEscape(s.Name)
}
