package hook

import (
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"aku/internal/rundir"
)

// maxHookLog is the size above which the log of earlier ends is dropped.
const maxHookLog = 1 << 20

// Output is where the log of a hook can be read: its own output, which the
// kubelet shows nowhere, the output of the container, and a file that outlives it.
func Output(dir rundir.Dir) (io.Writer, func()) {
	// The reader of its output may disappear, for example when the container runtime
	// restarts. Without this, the next line would kill the process, and with it the end of
	// the pod.
	signal.Ignore(syscall.SIGPIPE)
	writers := []io.Writer{os.Stdout}
	if container, err := os.OpenFile("/proc/1/fd/1", os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil && os.Getpid() != 1 {
		writers = append(writers, impatient{container})
	}
	flags := os.O_CREATE | os.O_WRONLY | os.O_APPEND
	if info, err := os.Stat(dir.HookLog()); err == nil && info.Size() > maxHookLog {
		flags |= os.O_TRUNC
	}
	if file, err := os.OpenFile(dir.HookLog(), flags, 0o666); err == nil {
		_ = file.Chmod(0o666) // the next end may run as another user
		writers = append(writers, file)
	}
	all := everyWriter(writers)
	return all, func() {
		for _, w := range writers[1:] {
			w.(io.Closer).Close()
		}
	}
}

// writeLimit is how long a line may take to the output of the container.
const writeLimit = 50 * time.Millisecond

// impatient is a file that an end does not wait for: the reader of the container's output
// may hang.
type impatient struct{ *os.File }

func (f impatient) Write(line []byte) (int, error) {
	_ = f.SetWriteDeadline(time.Now().Add(writeLimit)) // only a pipe has a deadline, and only a pipe hangs
	return f.File.Write(line)
}

// everyWriter writes to all its writers, even when one of them fails.
type everyWriter []io.Writer

func (w everyWriter) Write(line []byte) (int, error) {
	for _, to := range w {
		_, _ = to.Write(line)
	}
	return len(line), nil
}
