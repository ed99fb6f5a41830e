package altisimtest

import (
	"context"
	"io"
	"os/exec"
	"testing"
	"time"
)

// Run runs altisim with only these variables, and returns its output. altisim is expected to fail at once.
func Run(t testing.TB, env ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, Binary(t))
	cmd.Env = env
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Errorf("altisim %q ended well", env)
	}
	return string(out)
}

// ClientProcess starts isql with one statement, as a client that can be killed.
func ClientProcess(t testing.TB, s *Server, statement string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("isql", "-k", s.DSN(Dial{}), "-b")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(in, statement+"\n"); err != nil {
		t.Fatal(err)
	}
	return cmd
}
