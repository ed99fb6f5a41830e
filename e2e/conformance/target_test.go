//go:build integration

package conformance

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"aku/e2e/altisim/altisimtest"
)

// timeScale is the time for one second of a real server on altisim.
const timeScale = 0.1

var vendor = vendorFlags()

// servers returns the three servers for one file of cases: new stand-ins, or the vendor's servers, which all
// files share.
func servers(t *testing.T, f File) Target {
	t.Helper()
	if vendor.servers != "" {
		target, err := vendor.target()
		if err := errors.Join(err, writeIni(target.Odbc)); err != nil {
			t.Fatal(err)
		}
		if vendor.hand && vendor.kind == "altisim" {
			target.Scale = cmp.Or(f.Scale, timeScale)
			if err := theHand().paces(target); err != nil {
				t.Fatal(err)
			}
		}
		return target
	}
	t.Parallel()
	target := Target{
		Kind: "altisim", Scale: cmp.Or(f.Scale, timeScale), Slack: 3 * time.Second,
		Odbc: Odbc{
			Driver: altisimtest.Driver, Quote: altisimtest.Quote, Sysdba: altisimtest.Sysdba, Extra: altisimtest.Extra, Password: "MANAGER",
		},
	}
	if err := writeIni(target.Odbc); err != nil {
		t.Fatal(err)
	}
	for i, s := range altisimtest.Start(t, 3, altisimtest.Options{TimeScale: target.Scale}) {
		target.Servers[i] = standIn(s, altisimtest.Name(i))
	}
	return target
}

// All files of cases share one odbc.ini, because the driver manager reads it once.
var iniOnce sync.Once

func writeIni(o Odbc) (err error) {
	iniOnce.Do(func() {
		var dir string
		if dir, err = os.MkdirTemp("", "conformance"); err == nil {
			err = o.WriteIni(dir)
		}
	})
	return err
}

func standIn(s *altisimtest.Server, name string) Server {
	moved, kept := 0, s.DataDir+".kept"
	return Server{
		Host: s.Host, Port: s.Port, ReplicationPort: s.ReplicationPort, Name: name, Far: farAddress(s), Client: startClient,
		Move: func() (string, error) {
			moved++
			ip := net.ParseIP(s.Host).To4()
			ip[3] = byte(int(ip[3])%10 + 10*moved)
			s.Move(ip.String())
			return s.Host, nil
		},
		Kill: func() error { s.Kill9(); return nil },
		Terminate: func() error {
			if code := s.Stop(); code != 143 {
				return fmt.Errorf("it ended with %d", code)
			}
			return nil
		},
		Abort:  s.Abort,
		Pause:  func() error { s.Pause(); return nil },
		Resume: func() error { s.Resume(); return nil },
		Restart: func(properties map[string]string) error {
			var env []string
			for name, value := range properties {
				env = append(env, "ALTIBASE_"+name+"="+value)
			}
			s.WaitExit(time.Minute) // it may be shutting down
			s.Restart(env...)
			return nil
		},
		Anew: func() error {
			s.Kill9()
			if err := os.RemoveAll(s.DataDir); err != nil {
				return err
			}
			s.Restart()
			return nil
		},
		Copy:    func() error { return replace(kept, s.DataDir) },
		PutBack: func() error { return replace(s.DataDir, kept) },
	}
}

// replace makes a folder a copy of another one.
func replace(folder, by string) error {
	return errors.Join(os.RemoveAll(folder), os.CopyFS(folder, os.DirFS(by)))
}
