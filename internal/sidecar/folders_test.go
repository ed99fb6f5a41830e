package sidecar

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"aku/e2e/ports"
)

// owned is a sidecar that keeps a folder, with what the folder's file says.
func owned(t *testing.T) (s *Sidecar, says func() map[string]any) {
	t.Helper()
	settings, err := settingsOf(t, "altibase-1")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), ".aku-owner")
	settings.OwnerFiles, settings.PodUID, settings.Namespace = []string{path}, "mine", "db"
	s = New(settings, nil, logTo(t))
	s.endedLimit = time.Minute // a busy machine may need more than a process has at its end
	return s, func() (says map[string]any) {
		text, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(text, &says)
		}
		if err != nil {
			says = map[string]any{"fault": err.Error()}
		}
		return says
	}
}

func TestFolder_TakenByAnotherPod_ThePodStaysOutAndSaysWhy(t *testing.T) {
	t.Parallel()
	s, says := owned(t)
	const theirs = `{"namespace":"elsewhere","statefulSet":"x","pod":"x-0","uid":"theirs","beats":7}`
	if err := os.WriteFile(s.Settings.OwnerFiles[0], []byte(theirs), 0o600); err != nil {
		t.Fatal(err)
	}
	event, live, ready := staysOut(t, s)
	if !event.Warning || event.Reason != "FolderInUse" || !strings.Contains(event.Text, "pod x-0 of namespace elsewhere") || !strings.Contains(event.Text, "End one of the two") {
		t.Errorf("%+v", event)
	}
	if live != "200 alive\n" || !strings.HasPrefix(ready, "503 ") || says()["uid"] != "theirs" {
		t.Errorf("livez %q, readyz %q, the file says %v", live, ready, says())
	}
}

// What the file says once the sidecar has ended, after its hook or without one, and beside a server or without one.
func TestFolder_IsGivenBackOnlyAfterTheEndOfTheServer(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ hook, server, released bool }{{true, false, true}, {true, true, false}, {false, false, false}} {
		s, says := owned(t)
		port, release, err := ports.Reserve()
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		server, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			t.Fatal(err)
		}
		s.Settings.Port = port
		if !test.server {
			server.Close()
		}
		if test.hook {
			if err := s.dir.RequestEnd(); err != nil {
				t.Fatal(err)
			}
		}
		s.keepOnce()
		if says()["uid"] != "mine" {
			t.Fatalf("the folder is not kept: %v", says())
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			s.keepFolders(ctx)
		}()
		cancel()
		<-ended
		if got := says()["released"]; got != test.released {
			t.Errorf("%+v: the file says %v", test, says())
		}
		server.Close()
	}
}

func TestFolder_OnAFileSystemThatHangs_DoesNotHoldUpTheEnd(t *testing.T) {
	t.Parallel()
	s, says := owned(t)
	if err := s.dir.RequestEnd(); err != nil { // so that no server is asked
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	for says()["uid"] != "mine" {
		time.Sleep(10 * time.Millisecond)
	}
	// To open a pipe that nobody writes to hangs.
	path := s.Settings.OwnerFiles[0]
	if err := errors.Join(syscall.Mkfifo(path+".pipe", 0o600), os.Rename(path+".pipe", path)); err != nil {
		t.Fatal(err)
	}
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Error("the sidecar waits for the file system")
	}
	answers, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answers.Close() })
}
