// Command altisim is a stand-in for an Altibase 7.2 server, for tests and demos.
//
// It behaves as the real server was seen to behave, for the statements that aku
// uses and for plain tables, and it replicates for real between its processes.
// Clients reach it with a PostgreSQL ODBC driver. See the README beside it for
// what it is true to and what it is not.
//
// It is set up by environment variables only:
//
//	ALTISIM_DATA_DIR           where the database is, made when it does not exist. Required.
//	ALTISIM_LISTEN             address to listen on and to connect to peers from. Default: all, any.
//	ALTISIM_SYS_PASSWORD       SYS's password, used only when the database is made. Default MANAGER.
//	ALTISIM_SYS_PASSWORD_FILE  the same from a file, without its last line end.
//	ALTISIM_TIME_SCALE         what a second of the real server takes here, in seconds: 1 (default) is
//	                           as slow as the real one, 0.05 is twenty times faster. It covers START,
//	                           STOP, SYNC, acknowledgement, retry, SHUTDOWN, the lock timeouts and also the
//	                           seconds in FLUSH WAIT n and QUERY_TIMEOUT, so that what times out there
//	                           times out here.
//	ALTISIM_HOSTS              for tests: names of peers that are not looked up, with their addresses:
//	                           altibase-0.altibase-svc=127.0.0.11,altibase-1.altibase-svc=127.0.0.12
//	ALTISIM_HOSTS_FILE         for tests: a file of such pairs, one a line, read at every connect to a peer
//	ALTISIM_MOVES_PIN          for tests: 1 lets a SYNC TABLE begin at the copy, as a SYNC does. No server was seen to
//	                           do so.
//	ALTISIM_LOG                debug, info (default), warn or error
//	ALTIBASE_<PROPERTY>        a server property at this start, such as ALTIBASE_PORT_NO (20300),
//	                           ALTIBASE_REPLICATION_PORT_NO (20301; 0 switches replication off),
//	                           ALTIBASE_ADMIN_MODE (0), ALTIBASE_REMOTE_SYSDBA_ENABLE (1). Variables that
//	                           name no property are ignored, as the real server does.
//
// SIGTERM and SIGINT end it at once, without a clean shutdown; it exits 0 after
// ALTER DATABASE … SHUTDOWN and 143 after a signal.
//
// One statement writes at a time. A transaction that is open between two statements
// holds its locks of tables and rows, and nothing else: see package store.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"aku/e2e/altisim/engine"
	"aku/e2e/altisim/replnet"
	"aku/e2e/altisim/server"
	"aku/e2e/altisim/store"
	"aku/e2e/altisim/wire"
)

// exitSignal is the exit code after a signal.
const exitSignal = 143

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	unwatch := context.AfterFunc(ctx, func() { os.Exit(exitSignal) }) // without a clean shutdown, as the real server
	err := run()
	unwatch()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "altisim:", err)
		os.Exit(1)
	}
}

func run() error {
	set, err := readSettings(os.Environ())
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: set.logLevel}))
	st, catalog, err := store.Open(set.dataDir, func() (*engine.Catalog, error) {
		password, err := set.sysPassword()
		if err != nil {
			return nil, err
		}
		log.Info("database made", "dir", set.dataDir)
		return engine.NewCatalog(password), nil
	})
	if err != nil {
		return err
	}
	started, err := st.StartTime(context.Background(), time.Now())
	if err != nil {
		return err
	}
	clock := engine.Clock{Scale: set.timeScale}
	network := &replnet.Network{Hosts: set.hosts, HostsFile: set.hostsFile, Local: set.listen, Silence: clock.Silence()}
	e := engine.New(engine.Config{
		Clock: clock, Store: st, Network: network, Catalog: catalog, Properties: set.properties, Log: log, Started: started, MovesPin: set.movesPin,
	})

	listeners, done := []net.Listener{}, make(chan error, 2)
	listen := func(property string, serve func(net.Listener) error) error {
		l, err := net.Listen("tcp", net.JoinHostPort(set.listen, e.Property(property)))
		if err != nil {
			return fmt.Errorf("%s: %w", property, err)
		}
		listeners = append(listeners, l)
		go func() { done <- serve(l) }()
		return nil
	}
	if e.Property("REPLICATION_PORT_NO") != "0" {
		if err := listen("REPLICATION_PORT_NO", func(l net.Listener) error { return network.Serve(l, e.Serve) }); err != nil {
			return err
		}
	}
	e.StartSenders() // before the first client, who might start one too
	front := &wire.Front{Server: &server.Server{Engine: e, Store: st}, Log: log}
	if err := listen("PORT_NO", front.Serve); err != nil {
		return err
	}
	log.Info("in service", "port", e.Property("PORT_NO"), "replication", e.Property("REPLICATION_PORT_NO"), "admin_mode", e.Property("ADMIN_MODE"))

	var failed error
	select {
	case failed = <-done:
	case <-e.Done():
	}
	e.Close()
	for _, l := range listeners {
		failed = errors.Join(failed, l.Close())
	}
	log.Info("ended")
	return errors.Join(failed, st.Close())
}
