package settings

import (
	"errors"
	"os"

	"aku/internal/akucore"
	"aku/internal/altibase"
)

// Connect prepares unixODBC and gives the servers; nothing is connected yet. The
// function that it returns ends all sessions.
func (s Settings) Connect() (*altibase.Cluster, func(), error) { return connect(s, s.Servers()) }

// ConnectAsUser is Connect for somebody who wants to see what users see: a closed
// server is not entered, not even the own one.
func (s Settings) ConnectAsUser() (*altibase.Cluster, func(), error) {
	config := s.Servers()
	config.Self = akucore.Outside
	return connect(s, config)
}

func connect(s Settings, config altibase.Config) (*altibase.Cluster, func(), error) {
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
