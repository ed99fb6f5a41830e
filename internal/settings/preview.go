package settings

import (
	"context"
	"fmt"
	"io"

	"aku/internal/akucore"
	"aku/internal/altibase"
	"aku/internal/lifecycle"
)

// SQL gives the statements of a step.
func (s Settings) SQL(step akucore.Step) []string { return altibase.Statements(s.Mesh(), step) }

// PrintPlan looks at the servers and prints what would be done now, with the
// statements. It changes nothing.
func (s Settings) PrintPlan(ctx context.Context, to io.Writer, plan func(akucore.View) akucore.Plan) error {
	servers, disconnect, err := s.Connect()
	if err != nil {
		return err
	}
	defer disconnect()
	replicas, unknown := s.Replicas(ctx)
	if unknown != nil {
		fmt.Fprintln(to, unknown)
	}
	view, err := lifecycle.Observe(ctx, s.Mesh(), servers, replicas)
	if err != nil {
		return fmt.Errorf("own server: %w", err)
	}
	_, err = io.WriteString(to, plan(view).Describe(s.Mesh(), s.SQL))
	return err
}
