package sidecar

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	"aku/internal/lifecycle"
	"aku/internal/metrics"
	"aku/internal/pulse"
)

// checkAddress waits until the pod's own DNS name resolves to this pod and its
// server answers there: peers reach it by that name. Names resolve late, and a
// cluster's DNS remembers "no such name" for up to 30 s.
func (s *Sidecar) checkAddress(ctx context.Context) error {
	mesh := s.Settings.Mesh()
	host := mesh.Host(mesh.Self)
	var last error
	for try := range s.Settings.AddressCheckCount {
		pulse.Beat(ctx)
		if try > 0 {
			_ = pulse.Sleep(ctx, time.Second)
		}
		if last = s.reachesItself(ctx, host); last == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		s.become(metrics.Waiting, lifecycle.ReasonUnreachable, last.Error())
	}
	return fmt.Errorf("after %d tries (AKU_ADDRESS_CHECK_COUNT): %w", s.Settings.AddressCheckCount, last)
}

func (s *Sidecar) reachesItself(ctx context.Context, host string) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupHost(ctx, host)
	if err != nil {
		return fmt.Errorf("the own name does not resolve: %w", err)
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return err
	}
	for _, address := range addresses {
		here := slices.ContainsFunc(own, func(a net.Addr) bool {
			network, ok := a.(*net.IPNet)
			ip := net.ParseIP(address)
			return ok && (network.IP.Equal(ip) || ip.IsLoopback())
		})
		if !here {
			return fmt.Errorf("%s resolves to %s, which is not this pod", host, address)
		}
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(address, strconv.Itoa(s.Settings.Port)))
		if err != nil {
			return fmt.Errorf("the own server does not answer: %w", err)
		}
		conn.Close()
	}
	return nil
}
