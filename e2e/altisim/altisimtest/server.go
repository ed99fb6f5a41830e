package altisimtest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"aku/e2e/ports"
)

// Options describe servers. The zero value is a server twenty times faster than a real one.
type Options struct {
	TimeScale float64 // 0: 0.05
	Password  string  // "": MANAGER
	AdminMode bool
	Env       []string // further variables, such as ALTIBASE_REMOTE_SYSDBA_ENABLE=0
	// Hosts maps names to servers by number, such as "altibase-0.svc" to 0. The names altibase-N.altibase-svc
	// always exist.
	// altibase-N.altibase-svc are always there.
	Hosts map[string]int
}

// Server is a running altisim.
type Server struct {
	Host            string
	Port            int
	ReplicationPort int
	Password        string
	DataDir         string
	Scale           float64

	t       testing.TB
	env     []string
	mu      sync.Mutex
	cmd     *exec.Cmd
	output  bytes.Buffer
	exited  chan struct{}
	started bool
	names   *names
	reached string // the address behind its names, unless it is Host
}

// Start starts n servers that know each other's names. They end with the test.
func Start(t testing.TB, n int, o Options) []*Server {
	t.Helper()
	bin := Binary(t)
	if o.TimeScale == 0 {
		o.TimeScale = 0.05
	}
	if o.Password == "" {
		o.Password = "MANAGER"
	}
	var servers []*Server
	hosts, reserved := addresses(t, n)
	names := &names{file: filepath.Join(t.TempDir(), "hosts"), addresses: map[string]string{}}
	for i, host := range hosts {
		names.addresses[Name(i)] = host
	}
	for name, i := range o.Hosts {
		names.addresses[name] = hosts[i]
	}
	if err := names.write(); err != nil {
		t.Fatal(err)
	}
	for _, host := range hosts {
		s := &Server{
			Host: host, Port: reserved[0], ReplicationPort: reserved[1], Password: o.Password, Scale: o.TimeScale, t: t,
			DataDir: filepath.Join(t.TempDir(), "data"), names: names,
		}
		admin := "0"
		if o.AdminMode {
			admin = "1"
		}
		s.env = append([]string{
			"ALTISIM_DATA_DIR=" + s.DataDir, "ALTISIM_LISTEN=" + host, "ALTISIM_SYS_PASSWORD=" + o.Password,
			"ALTISIM_TIME_SCALE=" + strconv.FormatFloat(o.TimeScale, 'g', -1, 64), "ALTISIM_HOSTS_FILE=" + names.file,
			"ALTIBASE_PORT_NO=" + strconv.Itoa(s.Port), "ALTIBASE_REPLICATION_PORT_NO=" + strconv.Itoa(s.ReplicationPort),
			"ALTIBASE_ADMIN_MODE=" + admin,
		}, o.Env...)
		s.cmd = exec.Command(bin)
		s.Restart()
		t.Cleanup(func() {
			s.Kill9()
			if t.Failed() {
				t.Logf("output of the server on %s:\n%s", s.Host, s.Output())
			}
		})
		servers = append(servers, s)
	}
	return servers
}

// Name is the name of server n for its peers.
func Name(n int) string { return fmt.Sprintf("altibase-%d.altibase-svc", n) }

// addresses finds n addresses of this process and two ports that stay reserved until the test ends, also
// while a server is down.
func addresses(t testing.TB, n int) (hosts []string, reserved [2]int) {
	t.Helper()
	network := nextNetwork()
	for i := range n {
		hosts = append(hosts, fmt.Sprintf("127.%d.%d.%d", network>>8, network&0xFF, i+1))
	}
	for i := range reserved {
		port, release, err := ports.Reserve()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(release)
		reserved[i] = port
	}
	return hosts, reserved
}

var networks struct {
	sync.Mutex
	used int
}

// nextNetwork returns two bytes of an address in 127/8. They differ for every set of servers of this process,
// and most likely between processes.
func nextNetwork() int {
	networks.Lock()
	defer networks.Unlock()
	networks.used++
	return 0x0100 + (os.Getpid()*131+networks.used)%0xFD00
}

// Restart starts an ended server on its old data, with further variables for this start, and waits until it
// listens.
func (s *Server) Restart(env ...string) {
	s.t.Helper()
	s.start(env...)
	s.waitListening()
}

func (s *Server) start(env ...string) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.started {
		s.t.Fatalf("the server on %s already runs", s.Host)
	}
	cmd := exec.Command(s.cmd.Path)
	cmd.Env = append(append(os.Environ(), s.env...), env...)
	cmd.Stdout, cmd.Stderr = lockedWriter{s}, lockedWriter{s}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		s.mu.Lock()
		s.started = false
		s.mu.Unlock()
		close(exited)
	}()
	s.cmd, s.exited, s.started = cmd, exited, true
}

// SetEnv changes a variable for later starts.
func (s *Server) SetEnv(name, value string) { s.env = append(s.env, name+"="+value) }

type lockedWriter struct{ s *Server }

func (w lockedWriter) Write(p []byte) (int, error) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	return w.s.output.Write(p)
}

// Output is the server's log.
func (s *Server) Output() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.output.String()
}

func (s *Server) waitListening() {
	s.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		c, err := net.DialTimeout("tcp", s.Addr(), time.Second)
		if err == nil {
			_ = c.Close()
			return
		}
		select {
		case <-s.exited:
			s.t.Fatalf("the server on %s has ended:\n%s", s.Host, s.Output())
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("the server on %s does not listen: %v\n%s", s.Host, err, s.Output())
		}
	}
}

// Addr is host:port of the service port.
func (s *Server) Addr() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// Kill9 kills the server. It does nothing when the server does not run.
func (s *Server) Kill9() { s.signal(syscall.SIGKILL) }

// Stop ends the server by SIGTERM and returns its exit code.
func (s *Server) Stop() int {
	s.signal(syscall.SIGTERM)
	return s.cmd.ProcessState.ExitCode()
}

// Abort ends a server that hangs, and has it write to its output what it was doing.
func (s *Server) Abort() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.started {
		_ = s.cmd.Process.Signal(syscall.SIGQUIT)
	}
}

// Pause stops the server's process without ending it, and returns when the process has stopped. Resume ends
// the pause.
func (s *Server) Pause() {
	_ = s.cmd.Process.Signal(syscall.SIGSTOP)
	for !stopped(s.cmd.Process.Pid) {
		time.Sleep(time.Millisecond)
	}
}

// stopped tells whether a process has stopped or ended. In /proc, the state follows the name, which is in
// parentheses.
func stopped(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	i := bytes.LastIndexByte(stat, ')')
	return err != nil || i >= 0 && i+2 < len(stat) && bytes.IndexByte([]byte("TZX"), stat[i+2]) >= 0
}

// Resume ends a Pause.
func (s *Server) Resume() { _ = s.cmd.Process.Signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) {
	s.mu.Lock()
	cmd, exited, runs := s.cmd, s.exited, s.started
	s.mu.Unlock()
	if runs {
		_ = cmd.Process.Signal(sig)
	}
	<-exited
}

// WaitExit waits until the server has ended by itself and returns its exit code.
func (s *Server) WaitExit(limit time.Duration) int {
	s.t.Helper()
	select {
	case <-s.exited:
	case <-time.After(limit):
		s.t.Fatalf("the server on %s still runs after %s", s.Host, limit)
	}
	return s.cmd.ProcessState.ExitCode()
}

// Wait is the time on this server for d on a real one.
func (s *Server) Wait(d time.Duration) time.Duration {
	return time.Duration(float64(d) * s.Scale)
}
