package kube

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
)

// Present is a StatefulSet as it is now.
type Present struct {
	Replicas int
	// Variables are those of one container that have a value of their own.
	Variables map[string]string
	// Secret is the first key of the Secret that a volume holds, as "name/key".
	Secret string
	// Pods are the numbers of the pods that exist, those that are ending among them.
	Pods []int
}

// Present reads the StatefulSet, with the variables of the container and the Secret of
// the volume of these names, and its pods; most is the highest number of pods that
// there can be. It tries again until the context ends. No StatefulSet is no error.
func (s StatefulSet) Present(ctx context.Context, log *slog.Logger, container, volume string, most int) (p Present, exists bool, err error) {
	err = insist(ctx, log, func() error {
		p, err = s.spec(ctx, container, volume)
		return err
	})
	if errors.Is(err, errNotFound) {
		return Present{}, false, nil
	}
	if err != nil {
		return Present{}, false, err
	}
	err = insist(ctx, log, func() error {
		there, err := s.pods(ctx, most)
		p.Pods = nil
		for _, pod := range there {
			if number, err := strconv.Atoi(strings.TrimPrefix(pod.Metadata.Name, s.Name+"-")); err == nil {
				p.Pods = append(p.Pods, number)
			}
		}
		return err
	})
	return p, true, err
}

// spec is what of the StatefulSet itself is of interest.
func (s StatefulSet) spec(ctx context.Context, container, volume string) (Present, error) {
	type named struct {
		Name string `json:"name"`
		Env  []struct {
			Name  string `json:"name"`
			Value string `json:"value"`
		} `json:"env"`
	}
	var set struct {
		Spec struct {
			Replicas *int `json:"replicas"`
			Template struct {
				Spec struct {
					InitContainers []named `json:"initContainers"`
					Volumes        []struct {
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
	if err := s.call(ctx, request{method: http.MethodGet, path: s.path(), into: &set, right: "get on this StatefulSet"}); err != nil {
		return Present{}, fmt.Errorf("StatefulSet %s: %w", s.Name, err)
	}
	p := Present{Replicas: 1, Variables: map[string]string{}}
	if set.Spec.Replicas != nil {
		p.Replicas = *set.Spec.Replicas
	}
	for _, c := range set.Spec.Template.Spec.InitContainers {
		for _, v := range c.Env {
			if c.Name == container && v.Value != "" {
				p.Variables[v.Name] = v.Value
			}
		}
	}
	for _, v := range set.Spec.Template.Spec.Volumes {
		if v.Name == volume && len(v.Secret.Items) > 0 {
			p.Secret = v.Secret.SecretName + "/" + v.Secret.Items[0].Key
		}
	}
	return p, nil
}
