package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// maxMessage is the longest text of an Event that Kubernetes accepts, in bytes.
const maxMessage = 1024

// OwnPod is the pod that this process runs in.
type OwnPod struct {
	Name string
	UID  string // ties an Event to this pod, not to an earlier one of its name
	API
}

// Note is something that people must know about a pod. It becomes an Event, which `kubectl describe
// pod` and `kubectl get events` show, by default for an hour.
type Note struct {
	Warning bool
	Reason  string // one word, in CamelCase
	Text    string
}

// Forbidden tells whether an error means a missing right, so that asking again does not help.
func Forbidden(err error) bool { return errors.Is(err, errForbidden) }

// Grace is the time that Kubernetes gives the pod to end. ok is false unless the pod is being
// deleted. Whoever deletes it may give it less than its terminationGracePeriodSeconds.
func (p OwnPod) Grace(ctx context.Context) (grace time.Duration, ok bool, err error) {
	var now struct {
		Metadata struct {
			DeletionTimestamp          *time.Time `json:"deletionTimestamp"`
			DeletionGracePeriodSeconds *int64     `json:"deletionGracePeriodSeconds"`
		} `json:"metadata"`
	}
	if err := p.call(ctx, request{method: http.MethodGet, path: podPath(p.Name), into: &now, right: "get on pod " + p.Name}); err != nil {
		return 0, false, fmt.Errorf("the time that pod %s has to end: %w", p.Name, err)
	}
	if now.Metadata.DeletionTimestamp == nil || now.Metadata.DeletionGracePeriodSeconds == nil {
		return 0, false, nil
	}
	return time.Duration(*now.Metadata.DeletionGracePeriodSeconds) * time.Second, true, nil
}

// Tell creates an Event about the pod. It does not count an earlier one up: that would need the
// right to read and change all Events of the namespace.
func (p OwnPod) Tell(ctx context.Context, e Note) error {
	namespace, err := p.credential("namespace")
	if err != nil {
		return err
	}
	if len(e.Text) > maxMessage {
		const more = " …"
		// A character cut in two would make the JSON invalid.
		e.Text = strings.ToValidUTF8(e.Text[:maxMessage-len(more)], "") + more
	}
	kind, now := "Normal", time.Now().UTC()
	if e.Warning {
		kind = "Warning"
	}
	body := map[string]any{
		"apiVersion": "v1", "kind": "Event",
		"metadata":       map[string]any{"generateName": p.Name + ".", "namespace": namespace},
		"involvedObject": map[string]any{"apiVersion": "v1", "kind": "Pod", "namespace": namespace, "name": p.Name, "uid": p.UID},
		"type":           kind, "reason": e.Reason, "message": e.Text,
		"source":         map[string]any{"component": "aku"},
		"firstTimestamp": now.Format(time.RFC3339), "lastTimestamp": now.Format(time.RFC3339), "count": 1,
		"reportingComponent": "aku", "reportingInstance": p.Name,
	}
	err = p.call(ctx, request{method: http.MethodPost, path: "/api/v1/namespaces/{namespace}/events", body: body, right: "create on events"})
	if err != nil {
		return fmt.Errorf("make an Event of pod %s: %w", p.Name, err)
	}
	return nil
}
