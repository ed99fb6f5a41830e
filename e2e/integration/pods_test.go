//go:build integration

package integration

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"aku/e2e/altisim/altisimtest"
	"aku/e2e/ports"
	"aku/internal/akucore"
	"aku/internal/altibase"
	"aku/internal/hook"
	"aku/internal/rundir"
	"aku/internal/settings"
	"aku/internal/sidecar"
	"aku/internal/wiring"
)

// temporary is a folder that exists as long as this process.
var temporary string

func TestMain(m *testing.M) {
	var err error
	if temporary, err = os.MkdirTemp("", "aku-integration"); err == nil {
		err = altibase.WriteODBCIni(temporary, driver)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(temporary)
	os.Exit(code)
}

// patience bounds every wait of these tests.
const patience = 60 * time.Second

var driver = altibase.Driver{
	File:   altisimtest.Driver,
	Quote:  altibase.QuoteBraces,
	SYSDBA: altisimtest.Sysdba,
	Extra:  altisimtest.Extra,
}

// cluster is a set of servers, each with the sidecar and the hook of its pod.
type cluster struct {
	t    testing.TB
	pods []*pod
}

// pod is a server and what runs beside it.
type pod struct {
	*altisimtest.Server
	t      testing.TB
	number int
	all    []*altisimtest.Server
	env    map[string]string
	dir    rundir.Dir

	loopback *relay // between the real binaries and the own server

	mu   sync.Mutex
	log  bytes.Buffer
	stop context.CancelFunc
	done chan struct{}
}

// createTable creates the replicated table on a new server.
const createTable = "CREATE TABLE T1 (ID INTEGER PRIMARY KEY, V INTEGER)"

// start starts n servers, closed as in a pod, and nothing beside them.
func start(t testing.TB, n int, env map[string]string) *cluster {
	t.Helper()
	return startWith(t, n, altisimtest.Options{}, env)
}

func startWith(t testing.TB, n int, o altisimtest.Options, env map[string]string) *cluster {
	t.Helper()
	o.AdminMode = true
	servers := altisimtest.Start(t, n, o)
	c := &cluster{t: t}
	for i, server := range servers {
		p := &pod{Server: server, t: t, number: i, all: servers, dir: rundir.Dir(t.TempDir())}
		p.env = map[string]string{
			"AKU_STS_NAME": "altibase", "AKU_SVC_NAME": "altibase-svc",
			"AKU_POD_NAME":            fmt.Sprintf("altibase-%d", i),
			"AKU_SERVER_COUNT":        strconv.Itoa(max(n, 2)),
			"AKU_SYS_PASSWORD":        server.Password,
			"AKU_PORT_NO":             strconv.Itoa(server.Port),
			"AKU_REPLICATION_PORT_NO": strconv.Itoa(server.ReplicationPort),
			"AKU_REPLICATIONS_0_REPLICATION_NAME_PREFIX": "AKU_REP",
			"AKU_REPLICATIONS_0_TABLES":                  "SYS.T1",
			"AKU_QUERY_RETRY_DELAY_MSEC":                 "50",
			"AKU_DRAIN_TIME":                             "1",
			"AKU_RUN_DIR":                                string(p.dir),
			"AKU_HEALTH_PORT":                            strconv.Itoa(freePort(t)),
		}
		maps.Copy(p.env, env)
		c.pods = append(c.pods, p)
	}
	return c
}

// freePort is a port that only a pod's program uses until the test ends.
func freePort(t testing.TB) int {
	t.Helper()
	port, release, err := ports.Reserve()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	return port
}

// settings are the pod's settings, with an address of its own for each server.
func (p *pod) settings() (settings.Settings, *altibase.Cluster) {
	p.t.Helper()
	s, err := settings.From(p.env)
	if err != nil {
		p.t.Fatal(err)
	}
	config := wiring.Config(s)
	config.Driver = driver
	config.Address = func(pod int) string {
		if pod < len(p.all) {
			return p.all[pod].Host
		}
		return "no-such-pod.invalid"
	}
	return s, altibase.NewCluster(config)
}

func (p *pod) logger() *slog.Logger { return slog.New(slog.NewTextHandler(lockedWriter{p}, nil)) }

type lockedWriter struct{ p *pod }

func (w lockedWriter) Write(line []byte) (int, error) {
	w.p.mu.Lock()
	defer w.p.mu.Unlock()
	return w.p.log.Write(line)
}

// said is the log of sidecar and hook so far.
func (p *pod) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// loggedAt is the time in the first line of a log that contains a text. What a test sees of a log may be late.
func loggedAt(t testing.TB, log, text string) time.Time {
	t.Helper()
	for line := range strings.Lines(log) {
		if !strings.Contains(line, text) {
			continue
		}
		stamp, _, _ := strings.Cut(strings.TrimPrefix(line, "time="), " ")
		at, err := time.Parse(time.RFC3339, stamp)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	t.Fatalf("no %q in\n%s", text, log)
	return time.Time{}
}

// createTables creates the table on servers that are still closed.
func (c *cluster) createTables() {
	c.t.Helper()
	for _, p := range c.pods {
		p.asSYSDBA(createTable)
	}
}

// sysdba opens the one SYSDBA session of a server when it is free. The server notices the end of a session a
// little later than its client.
func (p *pod) sysdba() *altisimtest.Conn {
	p.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		session, err := p.Connect(altisimtest.Dial{Sysdba: true})
		if err == nil {
			return session
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("SYSDBA session on pod %d: %v", p.number, err)
		}
	}
}

// asSYSDBA runs statements on a server that may be closed.
func (p *pod) asSYSDBA(statements ...string) {
	p.t.Helper()
	session := p.sysdba()
	defer session.Close()
	session.Do(statements...)
}

// do runs statements as a user.
func (p *pod) do(statements ...string) {
	p.t.Helper()
	session := p.Open(altisimtest.Dial{})
	defer session.Close()
	session.Do(statements...)
}

// dropsReplication takes the pod's side of a pair away, as another tool may. What a sidecar sends meanwhile, such as a beat,
// locks a table of the pair for a moment.
func (p *pod) dropsReplication(name string, after ...string) {
	p.t.Helper()
	p.do(append([]string{"ALTER REPLICATION " + name + " STOP", "ALTER SESSION SET DDL_LOCK_TIMEOUT = 600", "DROP REPLICATION " + name}, after...)...)
}

// stall locks the table, so that the pod cannot apply what others write to it, until end is called. Other
// tables can be read and written.
func (p *pod) stall() (end func()) {
	p.t.Helper()
	tx, _ := p.begin("LOCK TABLE T1 IN EXCLUSIVE MODE")
	return func() { _ = tx.Rollback() }
}

// run starts the sidecar.
func (p *pod) run() {
	p.t.Helper()
	p.awaitHealthPort()
	s, servers := p.settings()
	servers.SetFirstPassword(s.FirstPassword, p.logger())
	ctx, cancel := context.WithCancel(context.Background())
	p.stop, p.done = cancel, make(chan struct{})
	c := sidecar.New(s, servers, p.logger())
	c.CheckAddress = func(context.Context) error { return nil } // there is no DNS here
	done := p.done
	go func() {
		defer close(done)
		if err := c.Run(ctx); err != nil {
			p.t.Errorf("sidecar of pod %d: %v", p.number, err)
		}
	}()
	p.t.Cleanup(func() {
		cancel()
		<-done
		if p.t.Failed() {
			p.t.Logf("log of pod %d:\n%s", p.number, p.said())
		}
	})
}

// awaitHealthPort waits until nobody has the port of an earlier sidecar of this process: a program that was started beside
// that one has a copy of its socket until it runs.
func (p *pod) awaitHealthPort() {
	p.t.Helper()
	port, err := strconv.Atoi(p.env["AKU_HEALTH_PORT"])
	if err != nil {
		p.t.Fatal(err)
	}
	p.eventually("its port is free", func() bool { return ports.Free(port) })
}

// kill ends the sidecar.
func (p *pod) kill() {
	p.stop()
	<-p.done
}

// end runs the hook, as the kubelet does before it ends the container.
func (p *pod) end() error {
	p.t.Helper()
	s, servers := p.settings()
	defer servers.CloseIdle()
	return hook.Run(context.Background(), s, servers, p.logger())
}

// inService runs the sidecars of the pods, one after the other as with OrderedReady, and waits until each pod
// is in service.
func (c *cluster) inService(pods ...int) {
	c.t.Helper()
	for _, n := range pods {
		c.pods[n].run()
		c.pods[n].waitInService()
	}
}

// allInService waits until all pods are in service, with users let in.
func (c *cluster) allInService() {
	c.t.Helper()
	for _, p := range c.pods {
		p.eventually("open", p.isOpen)
		p.waitInService()
	}
}

// eventually waits until a condition holds.
func (p *pod) eventually(what string, holds func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("pod %d: %s: not within %s", p.number, what, patience)
		}
	}
}

func (p *pod) waitInService() {
	p.t.Helper()
	p.eventually("in service", func() bool { return p.dir.Marked() })
}

func (p *pod) waitSaid(text string) {
	p.t.Helper()
	p.eventually("log says "+text, func() bool { return strings.Contains(p.said(), text) })
}

// isOpen tells whether a user gets in.
func (p *pod) isOpen() bool {
	session, err := p.Connect(altisimtest.Dial{})
	if err != nil {
		return false
	}
	session.Close()
	return true
}

// object is the pod's side of its pair with a peer: started and XSN.
func (p *pod) object(peer int) (started bool, xsn int64) {
	p.t.Helper()
	name := akucore.Block{Prefix: "AKU_REP"}.Object(akucore.PairOf(p.number, peer))
	session := p.Open(altisimtest.Dial{})
	defer session.Close()
	rows := session.Rows("SELECT IS_STARTED, XSN FROM SYSTEM_.SYS_REPLICATIONS_ WHERE REPLICATION_NAME = '" + name + "'")
	if len(rows) != 1 {
		p.t.Fatalf("pod %d has %d objects named %s", p.number, len(rows), name)
	}
	var flag int
	if _, err := fmt.Sscan(strings.ReplaceAll(rows[0], "|", " "), &flag, &xsn); err != nil {
		p.t.Fatalf("%q: %v", rows[0], err)
	}
	return flag == 1, xsn
}
