// Package wiring makes what the programs work with from the settings: the servers, the
// runner of plans, and the values that are read again from files and the Kubernetes API.
package wiring

import (
	"errors"
	"os"
	"time"

	"aku/internal/akucore"
	"aku/internal/altibase"
	"aku/internal/settings"
)

// Connect prepares unixODBC and returns the servers, without connecting to them. The
// returned function ends all sessions.
func Connect(s settings.Settings) (*altibase.Cluster, func(), error) {
	return connect(s, Config(s))
}

// ConnectAsUser is Connect for a command that must see what users see: it does not get into a
// closed server, not even the pod's own one.
func ConnectAsUser(s settings.Settings) (*altibase.Cluster, func(), error) {
	config := Config(s)
	config.Self = akucore.Outside
	return connect(s, config)
}

func connect(s settings.Settings, config altibase.Config) (*altibase.Cluster, func(), error) {
	// An image may have no /tmp; a program that is called by hand may have no
	// run directory.
	ini, err := os.MkdirTemp(s.RunDir, "odbc-")
	if err != nil {
		var other error
		if ini, other = os.MkdirTemp("", "aku-odbc-"); other != nil {
			return nil, nil, errors.Join(err, other)
		}
	}
	if err := altibase.WriteODBCIni(ini, config.Driver); err != nil {
		os.RemoveAll(ini)
		return nil, nil, err
	}
	servers := altibase.NewCluster(config)
	return servers, func() {
		servers.CloseIdle()
		os.RemoveAll(ini)
	}, nil
}

// Config says how to reach the servers. The pod's own server is reached over loopback,
// which the containers of a pod share and where SYSDBA is always allowed.
func Config(s settings.Settings) altibase.Config {
	mesh := s.Mesh()
	return altibase.Config{
		Self: mesh.Self,
		Pods: s.ServerCount,
		Address: func(pod int) string {
			if pod == mesh.Self {
				return altibase.Loopback
			}
			return mesh.Host(pod)
		},
		Port:         s.Port,
		Password:     func() (string, error) { return readPassword(s) },
		QueryTimeout: settings.Seconds(s.QueryTimeout),
		CopyTimeout:  copyTimeout(s),
		Driver: altibase.Driver{
			File:   s.ODBCDriver,
			SYSDBA: s.ODBCSysdba,
			Extra:  s.ODBCExtra,
			Quote:  altibase.Quote(s.ODBCQuote),
		},
	}
}

// copyTimeout is the limit of a copy: AKU_QUERY_TIMEOUT, unless it is the default. The default
// is for statements that show no progress, and a copy shows progress.
func copyTimeout(s settings.Settings) time.Duration {
	if s.QueryTimeout == settings.DefaultQueryTimeout {
		return 0
	}
	return settings.Seconds(s.QueryTimeout)
}
