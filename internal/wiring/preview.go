package wiring

import (
	"context"
	"fmt"
	"io"

	"aku/internal/akucore"
	"aku/internal/altibase"
	"aku/internal/lifecycle"
	"aku/internal/settings"
)

// SQL returns the statements of a step.
func SQL(m akucore.Mesh) func(akucore.Step) []string {
	return func(step akucore.Step) []string { return altibase.Statements(m, step) }
}

// PrintPlan observes the servers and prints the present plan, with the statements. It
// changes nothing.
func PrintPlan(ctx context.Context, s settings.Settings, to io.Writer, plan func(akucore.View) akucore.Plan) error {
	servers, disconnect, err := Connect(s)
	if err != nil {
		return err
	}
	defer disconnect()
	replicas, unknown := Replicas(ctx, s)
	if unknown != nil {
		fmt.Fprintln(to, unknown)
	}
	mesh := s.Mesh()
	view, err := lifecycle.Observe(ctx, mesh, servers, replicas)
	if err != nil {
		return fmt.Errorf("own server: %w", err)
	}
	_, err = io.WriteString(to, plan(view).Describe(mesh, SQL(mesh)))
	return err
}
