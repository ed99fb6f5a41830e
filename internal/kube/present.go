package kube

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
)

// Present is the present state of a StatefulSet.
type Present struct {
	Replicas int
	// Variables are the variables of one container that have a literal value.
	Variables map[string]string
	// Secret is the first key of the Secret in a volume, as "name/key".
	Secret string
	// Pods are the numbers of the existing pods, ending ones included.
	Pods []int
}

// Present reads the StatefulSet, the variables of the named container, the Secret of the named
// volume, and the pods up to the number most. It tries again until the context ends. A StatefulSet
// that does not exist is no error.
func (s StatefulSet) Present(ctx context.Context, log *slog.Logger, container, volume string, most int) (p Present, exists bool, err error) {
	set, err := ask(ctx, log, func() (setObject, error) { return s.get(ctx) })
	if errors.Is(err, errNotFound) {
		return p, false, nil
	}
	if err != nil {
		return p, false, err
	}
	p = set.present(container, volume)
	pods, err := ask(ctx, log, func() ([]pod, error) { return s.pods(ctx, most) })
	for _, pod := range pods {
		if number, err := strconv.Atoi(strings.TrimPrefix(pod.Metadata.Name, s.Name+"-")); err == nil {
			p.Pods = append(p.Pods, number)
		}
	}
	return p, true, err
}

// present is the part that the StatefulSet itself shows.
func (o setObject) present(container, volume string) Present {
	p := Present{Replicas: o.replicas(), Variables: map[string]string{}}
	for _, c := range o.Spec.Template.Spec.InitContainers {
		for _, v := range c.Env {
			if c.Name == container && v.Value != "" {
				p.Variables[v.Name] = v.Value
			}
		}
	}
	for _, v := range o.Spec.Template.Spec.Volumes {
		if v.Name == volume && len(v.Secret.Items) > 0 {
			p.Secret = v.Secret.SecretName + "/" + v.Secret.Items[0].Key
		}
	}
	return p
}
