//go:build integration

package integration

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"aku/e2e/altisim/altisimtest"
	"aku/internal/akucore"
	"aku/internal/lifecycle"
	"aku/internal/sidecar"
)

// livez asks as the kubelet does.
func (p *pod) livez() (code int, text string) {
	p.t.Helper()
	response, err := http.Get("http://127.0.0.1:" + p.env["AKU_HEALTH_PORT"] + "/livez")
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// wedgeable are servers whose own one can fall silent: its calls then hang for ever, whatever their context
// says.
type wedgeable struct {
	sidecar.Servers
	wedged  atomic.Bool
	release chan struct{}
}

func (w *wedgeable) Server(pod int) lifecycle.Server {
	return wedgeableServer{w.Servers.Server(pod), w}
}

type wedgeableServer struct {
	lifecycle.Server
	all *wedgeable
}

func (s wedgeableServer) Instance(ctx context.Context) (akucore.Instance, error) {
	if s.all.wedged.Load() {
		<-s.all.release
	}
	return s.Server.Instance(ctx)
}

// runWith starts a sidecar with this limit of silence, and returns servers that can be wedged.
func (p *pod) runWith(aliveFor time.Duration, checkAddress func(context.Context) error) *wedgeable {
	p.t.Helper()
	p.awaitHealthPort()
	s, servers := p.settings()
	w := &wedgeable{Servers: servers, release: make(chan struct{})}
	c := sidecar.New(s, w, p.logger())
	c.AliveFor, c.CheckAddress = aliveFor, checkAddress
	ctx, cancel := context.WithCancel(context.Background())
	p.stop, p.done = cancel, make(chan struct{})
	go func() {
		defer close(p.done)
		_ = c.Run(ctx)
	}()
	p.t.Cleanup(func() {
		cancel()
		close(w.release)
		<-p.done
	})
	p.eventually("it answers", func() bool {
		response, err := http.Get("http://127.0.0.1:" + p.env["AKU_HEALTH_PORT"] + "/livez")
		if err == nil {
			response.Body.Close()
		}
		return err == nil
	})
	return w
}

func anywhere(context.Context) error { return nil }

func TestLivez_IsNotAliveWhenTheLoopIsWedged(t *testing.T) {
	t.Parallel()
	const limit = 10 * time.Second // a sidecar in service moves once a second, a busy machine lets it move less often
	mustDie := func(p *pod) {
		t.Helper()
		if code, text := p.livez(); code != http.StatusOK {
			t.Errorf("before its time: %d %s", code, text)
		}
		p.eventually("not alive", func() bool {
			code, text := p.livez()
			return code == http.StatusServiceUnavailable && strings.HasPrefix(text, "not alive: nothing has moved for ")
		})
	}
	t.Run("in the start", func(t *testing.T) {
		t.Parallel()
		c := start(t, 1, nil)
		var w *wedgeable
		ready := make(chan struct{})
		w = c.pods[0].runWith(limit, func(context.Context) error {
			<-ready
			<-w.release
			return nil
		})
		close(ready)
		mustDie(c.pods[0])
	})
	t.Run("in the watch", func(t *testing.T) {
		t.Parallel()
		c := start(t, 1, nil)
		c.createTables()
		w := c.pods[0].runWith(limit, anywhere)
		c.pods[0].waitInService()
		w.wedged.Store(true)
		mustDie(c.pods[0])
	})
}

// A sidecar that waits is alive, however long it waits. The kubelet must not kill it.
func TestLivez_IsAliveWhileItWaits(t *testing.T) {
	t.Parallel()
	const limit = 13 * time.Second
	// Seven times slower than a real server: a SYNC takes 14 s, and a START, which is one step, 7 s. The limit lies between them,
	// far from the START, because a busy machine adds seconds to a step.
	c := startWith(t, 2, altisimtest.Options{TimeScale: 7}, nil)
	c.createTables()
	slave := c.pods[1]
	stays := func(what string, until func() bool) {
		t.Helper()
		told := false
		slave.eventually(what, func() bool {
			if code, text := slave.livez(); code != http.StatusOK && !told {
				told = true
				t.Errorf("%s: %d %s", what, code, text)
			}
			return until()
		})
	}
	longer := func() func() bool {
		end := time.Now().Add(limit + time.Second)
		return func() bool { return time.Now().After(end) }
	}
	unlock, err := slave.dir.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	slave.runWith(limit, anywhere)
	stays("another process of the pod acts", longer())
	unlock()
	stays("the master is away", longer())
	c.inService(0)
	stays("it copies", func() bool { return slave.dir.Marked() })
	if !strings.Contains(slave.said(), "copying") {
		t.Error("the copy was too quick to tell")
	}
	stays("in service", longer())
	if err := slave.dir.RequestEnd(); err != nil {
		t.Fatal(err)
	}
	stays("somebody ends the pod", longer())
}
