//go:build integration

package integration

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"aku/e2e/altisim/altisimtest"
)

// binaries builds the two programs and returns their folder. Each process has a folder of its own, because
// another process may build them from other code.
var binaries = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(temporary, "programs")
	for _, name := range []string{"aku-init", "aku-prestop"} {
		if out, err := exec.Command("go", "build", "-o", filepath.Join(dir, name), "aku/cmd/"+name).CombinedOutput(); err != nil {
			return "", fmt.Errorf("build %s: %w\n%s", name, err, out)
		}
	}
	return dir, nil
})

// program is a run of a real binary beside the pod's server.
type program struct {
	t    *testing.T
	cmd  *exec.Cmd
	done chan struct{}

	mu  sync.Mutex
	out bytes.Buffer
}

func (p *program) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

func (p *program) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// launch starts a shell command line that runs the real binaries in the pod's environment, with the pods'
// names in an /etc/hosts of its own. As in a pod, the own server is on loopback.
func (p *pod) launch(t *testing.T, line string, env ...string) *program {
	t.Helper()
	dir, err := binaries()
	if err != nil {
		t.Fatal(err)
	}
	p.onLoopback(t)
	hosts := filepath.Join(t.TempDir(), "hosts")
	text := "127.0.0.1 localhost\n"
	for n, server := range p.all {
		address := server.Host
		if n == p.number {
			address = "127.0.0.1"
		}
		text += fmt.Sprintf("%s altibase-%d.altibase-svc\n", address, n)
	}
	if err := os.WriteFile(hosts, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	run := &program{t: t, done: make(chan struct{})}
	run.cmd = exec.Command("unshare", "--mount", "sh", "-c", `mount --bind "$HOSTS" /etc/hosts && `+line)
	run.cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "HOSTS="+hosts,
		"AKU_ODBC_DRIVER="+altisimtest.Driver, "AKU_ODBC_SYSDBA="+altisimtest.Sysdba, "AKU_ODBC_EXTRA="+altisimtest.Extra, "AKU_ODBC_QUOTE="+altisimtest.Quote)
	for name, value := range p.env {
		run.cmd.Env = append(run.cmd.Env, name+"="+value)
	}
	run.cmd.Env = append(run.cmd.Env, env...)
	run.cmd.Stdout, run.cmd.Stderr = run, run
	if err := run.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(run.done)
		_ = run.cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = run.cmd.Process.Kill()
		<-run.done
		if t.Failed() {
			t.Logf("%s on pod %d:\n%s", line, p.number, run.said())
		}
	})
	return run
}

// onLoopback passes connections to the pod's port on loopback on to its server, until the test ends.
func (p *pod) onLoopback(t testing.TB) *relay {
	t.Helper()
	if r := newRelay(t, net.JoinHostPort("127.0.0.1", strconv.Itoa(p.Port)), p.Addr()); r != nil {
		p.loopback = r
	}
	if p.loopback == nil {
		t.Fatalf("port %d is taken on 127.0.0.1", p.Port)
	}
	return p.loopback
}

// exit waits for the end of the program and returns its exit code.
func (p *program) exit() int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(patience):
		p.t.Fatalf("it does not end:\n%s", p.said())
	}
	return p.cmd.ProcessState.ExitCode()
}

func (p *program) waitSaid(text string) {
	p.t.Helper()
	for deadline := time.Now().Add(patience); !strings.Contains(p.said(), text); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("it does not say %q:\n%s", text, p.said())
		}
	}
}

// mustEnd asks the program to end, and checks that it does.
func (p *program) mustEnd() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	p.exit()
}

func TestExitCodes_OfTheRealBinaries(t *testing.T) {
	t.Parallel()
	c := start(t, 2, map[string]string{"AKU_QUERY_RETRY_COUNT": "1"})
	c.createTables()
	master := c.pods[0]
	for _, test := range []struct {
		line string
		code int
		said string
	}{
		{"exec aku-init start", 0, "AKU run successfully."},
		{"exec aku-init start", 1, "already completed"},
		{"exec aku-init info", 0, "altibase-0"},
		{"exec aku-init plan end", 0, "keep users out"},
		{"AKU_SERVER_COUNT=9 exec aku-init start", 2, "AKU_SERVER_COUNT is 9"},
		{"exec aku-prestop --dry-run", 0, "keep users out"},
		{"exec aku-prestop now", 2, "usage: aku-prestop"},
	} {
		run := master.launch(t, test.line)
		if code := run.exit(); code != test.code || !strings.Contains(run.said(), test.said) {
			t.Errorf("%s: exit code %d, want %d, and %q:\n%s", test.line, code, test.code, test.said, run.said())
		}
	}
	c.inService(1)
	// The master's objects are gone while the slave is in service, so a person must act.
	master.dropsReplication("AKU_REP_01")
	if run := master.launch(t, "aku-init clear-marker; exec aku-init start"); run.exit() != 3 || !strings.Contains(run.said(), "The MASTER server is detected to have failed.") {
		t.Errorf("lost master: exit code %d:\n%s", run.exit(), run.said())
	}
	c.pods[1].kill()
	if run := master.launch(t, "exec aku-prestop"); run.exit() != 0 || !strings.Contains(run.said(), "AKU run successfully.") {
		t.Errorf("aku-prestop: exit code %d:\n%s", run.exit(), run.said())
	}
}

func TestAddressCheck_CountsItsTriesAndSaysWhy(t *testing.T) {
	t.Parallel()
	c := start(t, 1, map[string]string{"AKU_ADDRESS_CHECK_COUNT": "2"})
	for address, why := range map[string]string{
		"":            "the own name does not resolve: ",
		"203.0.113.9": "altibase-0.altibase-svc resolves to 203.0.113.9, which is not this pod",
	} {
		hosts := "echo > $HOSTS"
		if address != "" {
			hosts = "echo " + address + " altibase-0.altibase-svc > $HOSTS"
		}
		began := time.Now()
		run := c.pods[0].launch(t, hosts+"; exec aku-init start")
		if code := run.exit(); code != 1 || !strings.Contains(run.said(), "after 2 tries (AKU_ADDRESS_CHECK_COUNT): "+why) {
			t.Errorf("%q: exit code %d:\n%s", address, code, run.said())
		}
		if took := time.Since(began); took < time.Second {
			t.Errorf("%q: two tries in %s, there is a second between them", address, took)
		}
	}
	if c.pods[0].isOpen() {
		t.Error("it lets users in where its peers cannot reach it")
	}
}

func TestSIGTERM_EndsBothBinariesWhateverTheyDo(t *testing.T) {
	t.Parallel()
	// Five times slower than a real server, so that a running program has not ended by itself.
	c := startWith(t, 2, altisimtest.Options{TimeScale: 5}, map[string]string{"AKU_SHUTDOWN_AT_END": "0"})
	c.createTables()
	slave := c.pods[1]

	waiting := slave.launch(t, "exec aku-init")
	waiting.waitSaid("the master altibase-0 is not in service")
	waiting.mustEnd()

	c.inService(0)
	copying := slave.launch(t, "exec aku-init")
	copying.waitSaid("Sync tables from MASTER Server.")
	copying.waitSaid("copying") // every 5 s
	for _, part := range []string{"table=T1", "records=0", "records_per_second="} {
		if !strings.Contains(copying.said(), part) {
			t.Errorf("the progress of the copy does not say %s", part)
		}
	}
	copying.mustEnd()

	attending := slave.launch(t, "exec aku-init")
	attending.waitSaid("AKU run successfully.")
	attending.mustEnd()

	// A delivery that takes long says what is missing.
	defer c.pods[0].stall()()
	slave.do("INSERT INTO T1 VALUES (1, 1)")
	ending := slave.launch(t, "exec aku-prestop")
	ending.waitSaid("Flush replications.")
	ending.waitSaid("msg=delivering")
	if !strings.Contains(ending.said(), "gap_bytes=") {
		t.Error("the delivery does not say how much is missing")
	}
	ending.mustEnd()
	slave.eventually("nothing was stopped or reset", func() bool {
		session, err := slave.Connect(altisimtest.Dial{Sysdba: true})
		if err != nil {
			return false
		}
		defer session.Close()
		rows := session.Rows("SELECT IS_STARTED FROM SYSTEM_.SYS_REPLICATIONS_ WHERE XSN <> -1")
		return len(rows) == 1 && rows[0] == "1"
	})
}

// hooked runs aku-prestop beside a shell that is process 1 with an output of its own, as in the server's
// container. The returned function reads the three places of the hook's log.
func (p *pod) hooked(t *testing.T) (*program, func() map[string]string) {
	t.Helper()
	own := filepath.Join(t.TempDir(), "own")
	run := p.launch(t, `exec unshare --pid --fork --mount-proc sh -c "aku-prestop > `+own+` & wait \$!"`)
	return run, func() map[string]string {
		t.Helper()
		said := map[string]string{"PID 1's output": run.said()}
		for where, file := range map[string]string{"its output": own, "the file": p.dir.HookLog()} {
			text, err := os.ReadFile(file)
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			said[where] = string(text)
		}
		return said
	}
}

func TestHookLog_IsOnItsOutputOnThatOfTheContainerAndInABoundedFile(t *testing.T) {
	t.Parallel()
	c := start(t, 1, map[string]string{"AKU_SHUTDOWN_AT_END": "0"})
	c.createTables()
	c.inService(0)
	master := c.pods[0]
	if err := os.WriteFile(master.dir.HookLog(), bytes.Repeat([]byte("an earlier end\n"), 200_000), 0o644); err != nil {
		t.Fatal(err)
	}
	run, said := master.hooked(t)
	if code := run.exit(); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, run.said())
	}
	for where, text := range said() {
		for _, line := range []string{"AKU started with END option.", "AKU run successfully."} {
			if strings.Count(text, line) != 1 {
				t.Errorf("%s has %q %d times:\n%.2000s", where, line, strings.Count(text, line), text)
			}
		}
	}
	if text := said()["the file"]; strings.Contains(text, "an earlier end") {
		t.Error("the file was not cut")
	}
}

// A container whose output nobody reads any more must not keep its pod from ending.
func TestHookLog_OutputOfTheContainerThatNobodyReads_DelaysTheEndByLittle(t *testing.T) {
	t.Parallel()
	c := start(t, 1, map[string]string{"AKU_SHUTDOWN_AT_END": "0"})
	c.createTables()
	c.inService(0)
	fifo := filepath.Join(t.TempDir(), "output")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	unread, err := os.OpenFile(fifo, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unread.Close()
	if err := unread.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := unread.Write(make([]byte, 1<<20)); !os.IsTimeout(err) {
		t.Fatalf("the pipe is not full: %v", err)
	}
	run := c.pods[0].launch(t, `exec unshare --pid --fork --mount-proc sh -c "aku-prestop 2>&1 & exec > `+fifo+`; wait \$!"`)
	began := time.Now() // build the programs first
	if code := run.exit(); code != 0 || !strings.Contains(run.said(), "AKU run successfully.") {
		t.Errorf("exit code %d:\n%s", code, run.said())
	}
	lines := strings.Count(run.said(), "\n")
	if took, most := time.Since(began), 20*time.Second+time.Duration(lines)*100*time.Millisecond; took > most {
		t.Errorf("an end of %d lines took %s, want at most %s", lines, took, most)
	}
}

// The container runtime may be restarted during an end.
func TestHookLog_OutputThatIsClosed_DoesNotEndTheEnd(t *testing.T) {
	t.Parallel()
	c := start(t, 1, map[string]string{"AKU_SHUTDOWN_AT_END": "0"})
	c.createTables()
	c.inService(0)
	run := c.pods[0].launch(t, `(aku-prestop; echo "exit code $?" >&2) | true`)
	run.exit()
	if !strings.Contains(run.said(), "exit code 0") {
		t.Errorf("%s", run.said())
	}
	if text, err := os.ReadFile(c.pods[0].dir.HookLog()); err != nil || !strings.Contains(string(text), "AKU run successfully.") {
		t.Errorf("%v, %s", err, text)
	}
}

func TestEndOutOfTime_NamesWhatWasLeftUndone(t *testing.T) {
	t.Parallel()
	const limit = 10 * time.Second
	for _, test := range []struct {
		name   string
		hangs  func(*cluster) (end func())
		undone []string
		done   []string
	}{
		{
			name: "before it could look",
			hangs: func(c *cluster) func() {
				c.pods[1].Pause()
				return c.pods[1].Resume
			},
			undone: []string{
				"altibase-1: CLOSE (under way); ", "the observation of the servers, and with it every DELIVER, STOP and RESET of AKU_REP_01; ",
				"altibase-1: SHUTDOWN. ",
			},
		},
		{
			// A receiver that waits for a lock holds up the delivery, and then the STOP.
			name: "while it delivers",
			hangs: func(c *cluster) func() {
				end := c.pods[0].stall()
				c.pods[1].do("INSERT INTO T1 VALUES (1, 1)")
				return end
			},
			undone: []string{
				"altibase-1: DELIVER AKU_REP_01 to altibase-0 (failed); ", "altibase-1: STOP AKU_REP_01 (under way); ",
				"altibase-1: RESET AKU_REP_01 (if everything is delivered); ", "altibase-0: RESET AKU_REP_01 (if everything is delivered); ",
				"altibase-1: SHUTDOWN. ",
			},
			done: []string{"CLOSE", "altibase-0: STOP"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := startWith(t, 2, altisimtest.Options{TimeScale: 1}, map[string]string{
				"AKU_END_TIMEOUT": fmt.Sprint(limit.Seconds()), "AKU_QUERY_RETRY_COUNT": "0", "AKU_DRAIN_TIME": "0", "AKU_SHUTDOWN_AT_END": "1",
			})
			c.createTables()
			c.inService(0, 1)
			leaver := c.pods[1]
			defer test.hangs(c)()
			run, said := leaver.hooked(t)
			if code := run.exit(); code != 1 {
				t.Errorf("exit code %d", code)
			}
			timeout := fmt.Sprintf(`msg="TIMEOUT: the end did not finish in %s (AKU_END_TIMEOUT)" left_undone="`, limit)
			// The grace period of a pod is 5 s longer.
			if took := loggedAt(t, run.said(), timeout).Sub(loggedAt(t, run.said(), "AKU started with END option.")); took > limit+5*time.Second {
				t.Errorf("the end took %s", took)
			}
			for where, text := range said() {
				found := 0
				for line := range strings.Lines(text) {
					if !strings.Contains(line, timeout) {
						continue
					}
					found++
					for _, step := range test.undone {
						if !strings.Contains(line, step) {
							t.Errorf("%s does not name %q:\n%s", where, step, line)
						}
					}
					for _, step := range test.done {
						if strings.Contains(line, step) {
							t.Errorf("%s names %q, which is done:\n%s", where, step, line)
						}
					}
				}
				if found != 1 {
					t.Errorf("%s says TIMEOUT in %d lines:\n%s", where, found, text)
				}
			}
		})
	}
}

// Kubernetes may kill the hook at any time: with a shorter grace period, or when the node goes down.
func TestEndThatIsKilled_HasSaidWhatItLeavesUndone(t *testing.T) {
	t.Parallel()
	c := startWith(t, 2, altisimtest.Options{TimeScale: 1}, map[string]string{"AKU_DRAIN_TIME": "0", "AKU_SHUTDOWN_AT_END": "1"})
	c.createTables()
	c.inService(0, 1)
	leaver := c.pods[1]
	defer c.pods[0].stall()()
	leaver.do("INSERT INTO T1 VALUES (1, 1)") // its delivery takes a while
	run := leaver.launch(t, "exec aku-prestop")
	run.waitSaid("left_undone=\"altibase-1: DELIVER")
	if err := run.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	run.exit()
	text, err := os.ReadFile(leaver.dir.HookLog())
	if err != nil {
		t.Fatal(err)
	}
	last := string(text[bytes.LastIndex(text, []byte("left_undone=")):])
	for _, step := range []string{"altibase-1: DELIVER AKU_REP_01 to altibase-0", "altibase-1: STOP AKU_REP_01", "altibase-0: RESET AKU_REP_01", "altibase-1: SHUTDOWN"} {
		if !strings.Contains(last, step) {
			t.Errorf("it does not name %q:\n%s", step, last)
		}
	}
	if strings.Contains(last, "CLOSE") {
		t.Errorf("it names what was done:\n%s", last)
	}
}

func TestHostSuffix_IsInTheHostsOfTheObjectsAndConnects(t *testing.T) {
	t.Parallel()
	const suffix = ".ns.svc"
	c := startWith(t, 2, altisimtest.Options{Hosts: map[string]int{altisimtest.Name(0) + suffix: 0, altisimtest.Name(1) + suffix: 1}},
		map[string]string{"AKU_HOST_SUFFIX": suffix})
	c.createTables()
	c.inService(0, 1)
	c.pods[1].do("INSERT INTO T1 VALUES (1, 1)")
	c.pods[0].eventually("the row arrives", func() bool { return len(c.pods[0].rows()) == 1 })
	for n, p := range c.pods {
		session := p.Open(altisimtest.Dial{})
		if hosts := session.Rows("SELECT HOST_IP FROM SYSTEM_.SYS_REPL_HOSTS_"); len(hosts) != 1 || hosts[0] != altisimtest.Name(1-n)+suffix {
			t.Errorf("pod %d reaches its peer at %q", n, hosts)
		}
		session.Close()
	}
}

// In a pod, the sidecar holds the turn to act. A command that acts asks for it.
func TestClean_RealBinaryBesideASidecar_TakesTheReplicationAway(t *testing.T) {
	t.Parallel()
	c := start(t, 2, map[string]string{"AKU_REPLICATION_RESET_AT_END": "1"})
	c.createTables()
	c.inService(0, 1)
	if err := c.pods[1].end(); err != nil {
		t.Fatal(err)
	}
	c.pods[1].kill()
	c.pods[1].Kill9()
	master := c.pods[0]
	if run := master.launch(t, "exec aku-init clean"); run.exit() != 0 || !strings.Contains(run.said(), "AKU run successfully.") {
		t.Fatalf("exit code %d:\n%s", run.exit(), run.said())
	}
	if left := master.SQL("SELECT REPLICATION_NAME FROM SYSTEM_.SYS_REPLICATIONS_"); len(left) > 0 {
		t.Errorf("replication objects that are left: %v", left)
	}
	// The sidecar watches again.
	master.waitInService()
	if !master.isOpen() {
		t.Error("the master is closed")
	}
}
