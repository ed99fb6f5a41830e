package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// pod is the part of a pod that decides how its StatefulSet ends.
type pod struct {
	Metadata struct {
		Name              string      `json:"name"`
		UID               string      `json:"uid"`
		DeletionTimestamp *time.Time  `json:"deletionTimestamp"`
		OwnerReferences   []reference `json:"ownerReferences"`
	} `json:"metadata"`
	Spec struct {
		NodeName string `json:"nodeName"`
	} `json:"spec"`
	Status struct {
		Conditions []condition `json:"conditions"`
	} `json:"status"`
}

type condition struct {
	Type   string `json:"type"`
	Status string `json:"status"`
}

type reference struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

func (p pod) ending() bool { return p.Metadata.DeletionTimestamp != nil }

func (p pod) ready() bool {
	return slices.Contains(p.Status.Conditions, condition{Type: "Ready", Status: "True"})
}

// describe says how far the end of a pod has come.
func (p pod) describe() string {
	switch {
	case p.ending() && p.Spec.NodeName != "":
		return p.Metadata.Name + " is ending on node " + p.Spec.NodeName
	case p.ending():
		return p.Metadata.Name + " is ending"
	case p.ready():
		return p.Metadata.Name + " is in service"
	}
	return p.Metadata.Name + " is not in service"
}

// pods are the existing pods of the StatefulSet, highest number first. They are read by name, so
// the right to read these few is enough.
func (s StatefulSet) pods(ctx context.Context, most int) ([]pod, error) {
	var left []pod
	for number := most - 1; number >= 0; number-- {
		var p pod
		name := fmt.Sprintf("%s-%d", s.Name, number)
		err := s.call(ctx, request{method: http.MethodGet, path: podPath(name), into: &p, right: "get on pod " + name})
		switch {
		case errors.Is(err, errNotFound):
		case err != nil:
			return nil, fmt.Errorf("pod %s: %w", name, err)
		case s.owns(p):
			left = append(left, p)
		}
	}
	return left, nil
}

func (s StatefulSet) owns(p pod) bool {
	return slices.Contains(p.Metadata.OwnerReferences, reference{Kind: "StatefulSet", Name: s.Name})
}

// end deletes a pod in good order: its hooks run, and it has its grace period. It fails with
// errConflict when another pod has taken the name meanwhile.
func (s StatefulSet) end(ctx context.Context, p pod) error {
	preconditions := map[string]any{"preconditions": map[string]any{"uid": p.Metadata.UID}}
	err := s.call(ctx, request{method: http.MethodDelete, path: podPath(p.Metadata.Name), body: preconditions, right: "delete on pod " + p.Metadata.Name})
	if err != nil && !errors.Is(err, errNotFound) && !errors.Is(err, errConflict) {
		return fmt.Errorf("end pod %s: %w", p.Metadata.Name, err)
	}
	return nil
}

func podPath(name string) string {
	return "/api/v1/namespaces/{namespace}/pods/" + url.PathEscape(name)
}

// describe lists pods in one line, the one that ends first at the front.
func describe(pods []pod) string {
	texts := make([]string, len(pods))
	for i, p := range pods {
		texts[i] = p.describe()
	}
	return strings.Join(texts, ", ")
}
