//go:build integration

package main

import (
	"context"
	"io"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"aku/e2e/altisim/altisimtest"
	"aku/e2e/internal/account"
)

// One server serves all subtests, because the client reads its environment once in a process.
func TestClient_WritesThroughARestart_AndFindsLostRows(t *testing.T) {
	server := altisimtest.Start(t, 1, altisimtest.Options{Password: "a;b}c=d"})[0]
	t.Setenv("AKU_SYS_PASSWORD", server.Password)
	t.Setenv("AKU_PORT_NO", strconv.Itoa(server.Port))
	t.Setenv("AKU_ODBC_DRIVER", altisimtest.Driver)
	t.Setenv("AKU_ODBC_EXTRA", altisimtest.Extra)
	t.Setenv("AKU_ODBC_SYSDBA", altisimtest.Sysdba)
	t.Setenv("AKU_ODBC_QUOTE", altisimtest.Quote)
	server.Open(altisimtest.Dial{}).Do("CREATE TABLE SYS.T1 (ID INTEGER PRIMARY KEY, V VARCHAR(100))")
	journals := t.TempDir()

	t.Run("a writer goes on when its server was killed, and every acknowledged row is there", func(t *testing.T) {
		w, stop := startWriter(t, server, filepath.Join(journals, "killed"), 1)
		acknowledge(t, w, 200)
		server.Kill9()
		server.Restart()
		acknowledge(t, w, 200)
		stop()
		if p := w.now(); p.Sessions != 2 || p.Vanished != 0 || p.Unknown > 1 {
			t.Errorf("got %+v, want 2 sessions, nothing vanished and at most one statement of unknown outcome", p)
		}
		if v := compare(t, server, journals); v.Lost() != 0 || v.Extra != 0 || v.Acknowledged < 200 {
			t.Errorf("got %+v, want nothing lost and nothing extra", v)
		}
	})
	t.Run("lost rows are found", func(t *testing.T) {
		server.Open(altisimtest.Dial{}).Do("DELETE FROM SYS.T1 WHERE ID = 1", "UPDATE SYS.T1 SET V = 'other' WHERE ID = 2",
			"INSERT INTO SYS.T1 VALUES (999999, 'other')")
		v := compare(t, server, journals)
		if v.Missing != 1 || v.Stale != 1 || v.Extra != 1 {
			t.Errorf("got %+v, want 1 missing, 1 stale, 1 extra", v)
		}
	})
	t.Run("a writer notices that its rows vanish", func(t *testing.T) {
		w, stop := startWriter(t, server, filepath.Join(journals, "vanished"), 1_000_000)
		acknowledge(t, w, 20)
		server.Open(altisimtest.Dial{}).Do("DELETE FROM SYS.T1")
		acknowledge(t, w, 20)
		stop()
		if p := w.now(); p.Vanished == 0 {
			t.Errorf("got %+v, want vanished rows", p)
		}
	})
	t.Run("a transaction is held until it is released", func(t *testing.T) {
		ends, releases := io.Pipe()
		ended := make(chan error, 1)
		go func() {
			ended <- holdUntil(t.Context(), ends, []string{server.Host, "INSERT INTO SYS.T1 VALUES (3000000, 'held')", "LOCK TABLE SYS.T1 IN EXCLUSIVE MODE"})
		}()
		user := server.Open(altisimtest.Dial{})
		await(t, "the transaction", func() bool {
			return user.Rows("SELECT COUNT(*) FROM V$TRANSACTION WHERE FIRST_UPDATE_TIME > 0")[0] == "1"
		})
		releases.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if rows := user.Rows("SELECT ID FROM SYS.T1 WHERE ID = 3000000"); len(rows) > 0 {
			t.Errorf("it was committed: %v", rows)
		}
	})
	t.Run("a closed server is waited for", func(t *testing.T) {
		admin := server.Open(altisimtest.Dial{})
		admin.Do("ALTER SYSTEM SET ADMIN_MODE = 1")
		w, stop := startWriter(t, server, filepath.Join(journals, "closed"), 2_000_000)
		await(t, "a refusal", func() bool { return w.now().Refused != "" })
		admin.Do("ALTER SYSTEM SET ADMIN_MODE = 0")
		acknowledge(t, w, 20)
		stop()
		if p := w.now(); p.Unknown != 0 || p.Refused != "" {
			t.Errorf("got %+v, want no failed statement", p)
		}
	})
}

// startWriter starts a writer without a rate limit. The returned function stops it.
func startWriter(t *testing.T, server *altisimtest.Server, path string, from int64) (*writer, func()) {
	t.Helper()
	journal, err := account.CreateJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	w := newWriter(server.Host, from, 0, journal)
	ended := make(chan error, 1)
	go func() { ended <- w.run(ctx, newPace(0)) }()
	return w, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := journal.Close(); err != nil {
			t.Error(err)
		}
	}
}

func acknowledge(t *testing.T, w *writer, more int) {
	t.Helper()
	before := w.now().Acknowledged()
	await(t, "acknowledged statements", func() bool { return w.now().Acknowledged() >= before+more })
}

func await(t *testing.T, what string, seen func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !seen(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func compare(t *testing.T, server *altisimtest.Server, journals string) account.Verdict {
	t.Helper()
	written, err := loadJournals(journals)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := readTable(t.Context(), server.Host)
	if err != nil {
		t.Fatal(err)
	}
	return written.Compare(server.Host, rows)
}
