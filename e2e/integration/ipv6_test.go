//go:build integration

package integration

import (
	"testing"

	"aku/internal/altibase"
	"aku/internal/wiring"
)

// A server that listens only on IPv6, as with NET_CONN_IP_STACK 2, is reached over its pod's loopback and by
// its address.
func TestIPv6_OwnServerAndPeer_AreReached(t *testing.T) {
	t.Parallel()
	p := start(t, 1, nil).pods[0]
	p.Kill9()
	p.Move("::1")
	p.Restart()
	p.asSYSDBA("ALTER SYSTEM SET ADMIN_MODE = 0")
	s, _ := p.settings()
	config := wiring.Config(s)
	config.Driver = driver
	own := config.Address(config.Self)
	config.Address = func(pod int) string {
		if pod == config.Self {
			return own
		}
		return "::1"
	}
	servers := altibase.NewCluster(config)
	t.Cleanup(servers.CloseIdle)
	for pod := range 2 {
		if _, err := servers.Server(pod).Instance(t.Context()); err != nil {
			t.Errorf("pod %d over IPv6: %v", pod, err)
		}
	}
}
