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

// StatefulSet is a StatefulSet in the pod's own namespace.
type StatefulSet struct {
	Name string
	API
}

// setObject is the part of a StatefulSet that aku reads.
type setObject struct {
	Metadata struct {
		Name   string            `json:"name"`
		Labels map[string]string `json:"labels"`
	} `json:"metadata"`
	Spec struct {
		Replicas *int `json:"replicas"`
		Selector struct {
			MatchLabels map[string]string `json:"matchLabels"`
		} `json:"selector"`
		Template struct {
			Spec struct {
				InitContainers []struct {
					Name string `json:"name"`
					Env  []struct {
						Name  string `json:"name"`
						Value string `json:"value"`
					} `json:"env"`
				} `json:"initContainers"`
				Volumes []struct {
					Name   string `json:"name"`
					Secret struct {
						SecretName string `json:"secretName"`
						Items      []struct {
							Key string `json:"key"`
						} `json:"items"`
					} `json:"secret"`
				} `json:"volumes"`
			} `json:"spec"`
		} `json:"template"`
	} `json:"spec"`
}

// replicas is spec.replicas, or the API's default.
func (o setObject) replicas() int {
	if o.Spec.Replicas == nil {
		return 1
	}
	return *o.Spec.Replicas
}

func (s StatefulSet) get(ctx context.Context) (set setObject, err error) {
	err = s.call(ctx, request{method: http.MethodGet, path: s.path(), into: &set, right: "get on this StatefulSet"})
	if err != nil {
		err = fmt.Errorf("StatefulSet %s: %w", s.Name, err)
	}
	return set, err
}

// Replicas reads spec.replicas.
func (s StatefulSet) Replicas(ctx context.Context) (int, error) {
	set, err := s.get(ctx)
	return set.replicas(), err
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

// path is the path of the StatefulSet in the API; {namespace} stands for the pod's own.
func (s StatefulSet) path() string { return setsPath + "/" + url.PathEscape(s.Name) }

const setsPath = "/apis/apps/v1/namespaces/{namespace}/statefulsets"
