package verify

import (
	"context"
	"log/slog"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
)

// delivered proves that all that the servers had written at the call is applied on all
// others, as a pod that ends does: by a beat on each way.
func (v *verifier) delivered(ctx context.Context) error {
	var all akucore.Stage
	for on := range v.servers {
		for peer := range v.servers {
			for b := range v.mesh.Blocks {
				if peer != on {
					all.Steps = append(all.Steps, akucore.Step{Do: akucore.Deliver, Side: akucore.Side{On: on, Peer: peer}, Block: b, For: v.options.Timeout})
				}
			}
		}
	}
	r := lifecycle.Runner{Mesh: v.mesh, Servers: pods(v.servers), Log: slog.New(slog.DiscardHandler)}
	return r.Run(ctx, akucore.Plan{Stages: []akucore.Stage{all}})
}

// pods are servers by pod number.
type pods []Server

func (p pods) Server(pod int) lifecycle.Server { return p[pod] }
func (p pods) CloseIdle()                      {}
