package conformance

import "time"

// A Target is three servers that the cases run against.
type Target struct {
	Kind    string // altisim or vendor
	Odbc    Odbc
	Servers [3]Server
	// Scale is what one second of the real server takes, in seconds.
	Scale float64
	// Slack is what a busy machine may add to anything.
	Slack time.Duration
}

// A Server is one of them, seen from outside. An action that nobody can do is nil.
type Server struct {
	Host            string
	Port            int
	ReplicationPort int
	Kill            func() error
	Restart         func(properties map[string]string) error // of a server that does not run
	Pause, Resume   func() error                             // stops the process without ending it
	Client          func(dsn, statement string) (kill func() error, err error)
}

// Missing says why this target cannot run the case, or "".
func (t Target) Missing(c Case) string {
	if reason := c.Not[t.Kind]; reason != "" {
		return reason
	}
	for _, s := range c.Steps {
		if s.Server < 0 {
			continue
		}
		server := t.Servers[s.Server]
		for verb, missing := range map[string]bool{
			"kill": server.Kill == nil, "restart": server.Restart == nil,
			"pause": server.Pause == nil || server.Resume == nil, "client": server.Client == nil,
		} {
			if s.Verb == verb && missing {
				return "no way is known to do: " + verb
			}
		}
	}
	return ""
}

func (t Target) real(d time.Duration) time.Duration { return time.Duration(float64(d) * t.Scale) }
