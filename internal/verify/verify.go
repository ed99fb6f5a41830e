package verify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"aku/internal/akucore"
	"aku/internal/altibase"
	"aku/internal/lifecycle"
)

// Server is the interface that verify needs of a server.
type Server interface {
	lifecycle.Server
	Relation(ctx context.Context, t akucore.Table) (altibase.Relation, error)
	Partitions(ctx context.Context, t akucore.Table) ([]string, error)
	CountRows(ctx context.Context, t akucore.Table) (int64, error)
	Rows(ctx context.Context, r altibase.Relation, after, upTo altibase.Key, limit int) ([]altibase.Row, error)
	RowsAt(ctx context.Context, r altibase.Relation, keys []altibase.Key) ([]altibase.Row, error)
}

var _ Server = (*altibase.Server)(nil)

// Options say what to verify, and within which limits.
type Options struct {
	// Replicas is how many pods must exist; 0: all that answer, at least two.
	Replicas int
	// Timeout bounds each wait for pods to be in service, and for rows to be delivered.
	Timeout time.Duration
	// Checksums compares contents, not only counts.
	Checksums bool
	// Page is how many rows are read at once from each pod, 2-10000.
	Page int
	// Pause is the time between two pages.
	Pause time.Duration
}

// Pod is the state of one pod.
type Pod struct {
	Name      string `json:"name"`
	InService bool   `json:"inService"`
	Reason    string `json:"reason,omitempty"` // why it is not
}

// Table is the result for one replicated table, or one partition.
type Table struct {
	Name string `json:"name"`
	// Rows are the counts by pod number, at one moment; -1 where counting failed.
	Rows []int64 `json:"rows"`
	// Compared tells whether the contents were compared.
	Compared bool `json:"compared"`
	// Different are the rows that are not the same everywhere.
	Different []Difference `json:"different,omitempty"`
	// More: more rows differ than are listed.
	More bool `json:"more,omitempty"`
	// Moving is the number of rows that users changed all the time, so that they cannot be compared.
	Moving int `json:"moving,omitempty"`
	// Skipped are columns that cannot be compared, with the reason.
	Skipped []string `json:"skippedColumns,omitempty"`
	// Fault is why the table is not equal, or could not be read.
	Fault string `json:"fault,omitempty"`
}

// Equal reports whether no difference and no fault was found.
func (t Table) Equal() bool { return t.Fault == "" && len(t.Different) == 0 }

// Difference is one row that is not the same on all pods.
type Difference struct {
	Key string `json:"key"` // values of the primary key, as SQL literals
	// Versions are the pods by the version of the row.
	Versions [][]string `json:"same"`
	// Missing are the pods that do not have the row.
	Missing []string `json:"missing,omitempty"`
}

// Report is the result of a verification.
type Report struct {
	Equal bool `json:"equal"`
	// Faults are the faults of pods and pairs.
	Faults []string `json:"faults,omitempty"`
	Pods   []Pod    `json:"pods"`
	Tables []Table  `json:"tables"`
}

// ErrTooFew says that there are not enough pods to compare.
var ErrTooFew = errors.New("fewer than two pods answer")

// pollInterval is the time between two checks of a condition.
const pollInterval = 200 * time.Millisecond

// verifier verifies one mesh.
type verifier struct {
	mesh    akucore.Mesh
	all     lifecycle.Servers
	servers []Server // the pods that are compared, by pod number
	options Options
}

// Run verifies the mesh; each of the servers is a Server. The error says what kept it from
// reading; everything else is in the report.
func Run(ctx context.Context, m akucore.Mesh, servers lifecycle.Servers, o Options) (Report, error) {
	var report Report
	v := verifier{mesh: m, all: servers, options: o}
	pods := o.Replicas
	if pods == 0 {
		pods = answering(ctx, m, servers)
	}
	for pod := range pods {
		v.servers = append(v.servers, servers.Server(pod).(Server))
	}
	report.Pods, report.Faults = v.inService(ctx)
	if pods < 2 && o.Replicas == 0 {
		report.Faults = append(report.Faults, ErrTooFew.Error())
	}
	if len(report.Faults) > 0 {
		return report, ctx.Err()
	}
	if err := v.deliver(ctx); err != nil {
		report.Faults = append(report.Faults, err.Error())
		return report, ctx.Err()
	}
	report.Tables = v.tables(ctx)
	report.Equal = true
	for _, t := range report.Tables {
		report.Equal = report.Equal && t.Equal()
	}
	return report, ctx.Err()
}

// deliver proves that all pods have what the others had written at the call.
func (v *verifier) deliver(ctx context.Context) error {
	return lifecycle.DeliverAll(ctx, v.mesh, v.all, len(v.servers), v.options.Timeout)
}

// answering is the number of pods up to the last one that answers.
func answering(ctx context.Context, m akucore.Mesh, servers lifecycle.Servers) int {
	_, errs := lifecycle.AskPods(ctx, m.ServerCount, m.ServerCount, lifecycle.AnswerLimit, func(ctx context.Context, pod int) (akucore.Instance, error) {
		return servers.Server(pod).Instance(ctx)
	})
	pods := 0
	for pod, err := range errs {
		if !akucore.Away(err) {
			pods = pod + 1
		}
	}
	return pods
}

// each asks all servers at the same time, without a limit: reading rows takes its time.
func each[T any](ctx context.Context, servers []Server, ask func(ctx context.Context, pod int, s Server) (T, error)) ([]T, []error) {
	return lifecycle.AskPods(ctx, len(servers), len(servers), 0, func(ctx context.Context, pod int) (T, error) { return ask(ctx, pod, servers[pod]) })
}

// first is the first of the errors, with its pod.
func (v *verifier) first(errs []error) error {
	for pod, err := range errs {
		if err != nil {
			return v.onPod(pod, err)
		}
	}
	return nil
}

// onPod says whose error it is.
func (v *verifier) onPod(pod int, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", v.mesh.PodName(pod), err)
}
