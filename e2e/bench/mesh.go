package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"aku/e2e/altisim/altisimtest"
	"aku/internal/akucore"
	"aku/internal/altibase"
	"aku/internal/rundir"
	"aku/internal/settings"
	"aku/internal/sidecar"
	"aku/internal/wiring"
)

// shape is one point of the measurements.
type shape struct {
	Pods, Tables, Rows int           // Rows of all tables together
	Trip               time.Duration // a round trip between two pods
}

func (s shape) String() string {
	return fmt.Sprintf("%d pods, %d tables, %d rows, round trip %s", s.Pods, s.Tables, s.Rows, s.Trip)
}

// mesh is a set of servers. The last one joins and leaves, the others are in service.
type mesh struct {
	shape
	host *host
	pods []*pod
}

// pod is one server with what aku needs to act for it.
type pod struct {
	*altisimtest.Server
	mesh   *mesh
	number int
	far    string // the address for the others
	dir    rundir.Dir
	env    map[string]string
}

const (
	prefix = "AKU_REP"
	// setUpScale makes the servers fast while a mesh is set up.
	setUpScale = "0.02"
)

// newMesh starts the servers. They have the waits of a real server unless env sets another scale.
func newMesh(h *host, s shape, env ...string) (*mesh, error) {
	m := &mesh{shape: s, host: h}
	for i, server := range altisimtest.Start(h, s.Pods, altisimtest.Options{AdminMode: true, TimeScale: 1, Env: env}) {
		p := &pod{Server: server, mesh: m, number: i, far: server.Host, dir: rundir.Dir(h.TempDir())}
		p.env = map[string]string{
			"AKU_STS_NAME": "altibase", "AKU_SVC_NAME": "altibase-svc",
			"AKU_POD_NAME":            fmt.Sprintf("altibase-%d", i),
			"AKU_SERVER_COUNT":        strconv.Itoa(max(s.Pods, 2)),
			"AKU_SYS_PASSWORD":        server.Password,
			"AKU_PORT_NO":             strconv.Itoa(server.Port),
			"AKU_REPLICATION_PORT_NO": strconv.Itoa(server.ReplicationPort),
			"AKU_REPLICATIONS_0_REPLICATION_NAME_PREFIX": prefix,
			"AKU_REPLICATIONS_0_TABLES":                  strings.Join(m.tables(), ","),
			"AKU_RUN_DIR":                                string(p.dir),
			// The drain time is a setting, not work, so it does not count.
			"AKU_DRAIN_TIME": "0",
		}
		m.pods = append(m.pods, p)
	}
	if err := m.spread(); err != nil {
		return nil, err
	}
	return m, m.populate()
}

// tables are the names of the replicated tables.
func (m *mesh) tables() []string {
	names := make([]string, m.Tables)
	for i := range names {
		names[i] = fmt.Sprintf("SYS.T%d", i)
	}
	return names
}

// spread gives each pod a loopback address of its own and delays the traffic between them.
func (m *mesh) spread() error {
	if m.Trip == 0 {
		return nil
	}
	var names []string
	for i, p := range m.pods {
		p.far = p.Host[:strings.LastIndex(p.Host, ".")] + fmt.Sprintf(".%d", 100+i)
		for _, port := range []int{p.Port, p.ReplicationPort} {
			number := strconv.Itoa(port)
			d, err := newDelay(net.JoinHostPort(p.far, number), net.JoinHostPort(p.Host, number), m.Trip)
			if err != nil {
				return err
			}
			m.host.Cleanup(d.close)
		}
		names = append(names, altisimtest.Name(i)+"="+p.far)
	}
	for _, p := range m.pods {
		p.SetEnv("ALTISIM_HOSTS", strings.Join(names, ","))
	}
	return nil
}

// populate creates the tables, brings all pods but the last into service, and fills them with the same rows.
func (m *mesh) populate() error {
	s, _, err := m.pods[0].settings(nil)
	if err != nil {
		return err
	}
	core := s.Mesh()
	for _, p := range m.pods {
		p.SetEnv("ALTISIM_TIME_SCALE", setUpScale)
		p.restart()
		err := p.sysdba(func(c *altisimtest.Conn) {
			for _, t := range m.tables() {
				c.Do("CREATE TABLE " + t + " (ID INTEGER PRIMARY KEY, V VARCHAR(100))")
			}
			c.Do(altibase.Statements(core, akucore.Step{Do: akucore.MakeBeats})...)
		})
		if err != nil {
			return err
		}
	}
	for _, p := range m.pods {
		if p != m.last() || m.Pods == 1 {
			if _, err := akuJoin(context.Background(), p); err != nil {
				return err
			}
		}
		p.SetEnv("ALTISIM_TIME_SCALE", "1")
	}
	for _, p := range m.members() {
		p.SetEnv("ALTIBASE_ADMIN_MODE", "0")
		p.fill()
		p.restart()
	}
	return nil
}

// rowBatch is the number of rows of one statement.
const rowBatch = 10_000

// fill inserts the rows of a pod without replication. Each peer gets the same rows in the same way.
func (p *pod) fill() {
	c := p.Open(altisimtest.Dial{})
	defer c.Close()
	c.Do("ALTER SESSION SET REPLICATION = FALSE")
	tables := p.mesh.tables()
	for i, t := range tables {
		rows := p.mesh.Rows / len(tables)
		if i == 0 {
			rows += p.mesh.Rows % len(tables)
		}
		for from := 0; from < rows; from += rowBatch {
			c.Do(fmt.Sprintf("INSERT INTO %s SELECT LEVEL + %d, 'a value of some forty bytes, as an order has' FROM DUAL CONNECT BY LEVEL <= %d",
				t, from, min(rowBatch, rows-from)))
		}
	}
}

// last is the pod that joins and leaves.
func (m *mesh) last() *pod { return m.pods[len(m.pods)-1] }

// members are the pods in service.
func (m *mesh) members() []*pod {
	if len(m.pods) == 1 {
		return m.pods
	}
	return m.pods[:len(m.pods)-1]
}

// restart starts a server again in a new container, closed or open as its environment says.
func (p *pod) restart() {
	p.Kill9()
	p.Restart()
	if err := p.dir.Renew(); err != nil {
		p.mesh.host.Fatal(err)
	}
}

// sysdba runs do on a server that may be closed.
func (p *pod) sysdba(do func(*altisimtest.Conn)) error {
	var err error
	for range 500 {
		var c *altisimtest.Conn
		if c, err = p.Connect(altisimtest.Dial{Sysdba: true}); err == nil {
			defer c.Close()
			do(c)
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("SYSDBA session on pod %d: %w", p.number, err)
}

// settings are the pod's settings. It reaches its own server directly, and the others through the delayed
// network.
func (p *pod) settings(more map[string]string) (settings.Settings, *altibase.Cluster, error) {
	env := map[string]string{}
	for _, from := range []map[string]string{p.env, more} {
		for name, value := range from {
			env[name] = value
		}
	}
	s, err := settings.From(env)
	if err != nil {
		return s, nil, err
	}
	config := wiring.Config(s)
	config.Driver = driver
	config.Address = func(pod int) string {
		if pod == p.number {
			return p.Host
		}
		if pod < len(p.mesh.pods) {
			return p.mesh.pods[pod].far
		}
		return "no-such-pod.invalid"
	}
	return s, altibase.NewCluster(config), nil
}

var driver = altibase.Driver{
	File: altisimtest.Driver, Quote: altibase.QuoteBraces, SYSDBA: altisimtest.Sysdba, Extra: altisimtest.Extra,
}

// akuJoin is what aku-init does before it watches.
func akuJoin(ctx context.Context, p *pod) (*steps, error) {
	did := &steps{}
	s, servers, err := p.settings(nil)
	if err != nil {
		return did, err
	}
	defer servers.CloseIdle()
	c := sidecar.New(s, servers, slog.New(did))
	c.CheckAddress = func(context.Context) error { return nil } // there is no DNS here
	if err := c.Start(ctx); err != nil {
		return did, fmt.Errorf("%w\n%s", err, did.text())
	}
	return did, nil
}

// object is the name of the replication between two pods.
func object(a, b *pod) string {
	return akucore.Block{Prefix: prefix}.Object(akucore.PairOf(a.number, b.number))
}
