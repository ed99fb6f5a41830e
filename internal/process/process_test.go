package process

import (
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// hangs is the variable with which the test's own program is one that hangs for ever.
const hangs = "PROCESS_TEST_HANGS"

func TestMain(m *testing.M) {
	if os.Getenv(hangs) == "" {
		os.Exit(m.Run())
	}
	ctx := Context()
	os.Stdout.WriteString(waits)
	<-ctx.Done()
	time.Sleep(time.Hour) // as a call into the driver does
}

const waits = "it waits for its end"

// Half a minute is for a busy machine; the limit is far below it.
func TestContext_ProgramThatHangs_IsEndedAfterTheLimit(t *testing.T) {
	t.Parallel()
	if endLimit >= time.Second {
		t.Errorf("a program may take %s, and the manual says a second", endLimit)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), hangs+"=1")
	said, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	text := make([]byte, len(waits))
	if _, err := io.ReadFull(said, text); err != nil || string(text) != waits {
		t.Fatalf("%q, %v", text, err)
	}
	kill := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if _ = cmd.Wait(); cmd.ProcessState.ExitCode() != Failed {
		t.Errorf("it is killed after half a minute: %s", cmd.ProcessState)
	}
}
