package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// maxMessage is the longest text of an Event that Kubernetes takes, in bytes.
const maxMessage = 1024

// OwnPod is the pod that this process runs in.
type OwnPod struct {
	Name string
	UID  string // kubectl describe shows the Events of this very pod, not of an earlier one of its name
	API
}

// Note is something that people have to know of a pod. It becomes an Event: `kubectl describe pod` and
// `kubectl get events` show it, for an hour unless the cluster is set otherwise.
type Note struct {
	Warning bool
	Reason  string // one word, in CamelCase
	Text    string
}

// Forbidden tells whether an error says that a right is missing, so that asking
// again does not help.
func Forbidden(err error) bool { return errors.Is(err, errForbidden) }

// Grace is how long Kubernetes gives the pod to end; ok is false unless it is being ended.
// Whoever deletes it may give it less than its terminationGracePeriodSeconds.
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

// Tell makes an Event about the pod. Making is all it does: to count up an earlier one
// would need the right to read and change the Events of the whole namespace.
func (p OwnPod) Tell(ctx context.Context, e Note) error {
	namespace, err := p.credential("namespace")
	if err != nil {
		return err
	}
	if len(e.Text) > maxMessage {
		const more = " …"
		// A character that is cut in two would make the text no valid JSON.
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
