package conformance

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// A Target is three servers for the cases.
type Target struct {
	Kind    string // altisim or vendor
	Odbc    Odbc
	Servers [3]Server
	// Open opens a session at an address of a server. nil means through ODBC.
	Open func(server int, host string, l Login) (Conn, error)
	// Scale is the time for one second of a real server, in seconds.
	Scale float64
	// Slack is what a busy machine may add to any duration.
	Slack time.Duration
}

// A Server is one of them, seen from outside. An action that is not possible is nil.
type Server struct {
	Host            string
	Port            int
	ReplicationPort int
	Name            string                                   // for its peers, in place of Host; may be ""
	Far             string                                   // address through which logins come from afar; may be ""
	Kill            func() error                             // by kill -9
	Gone            func() bool                              // whether it has ended; nil: its port tells
	Terminate       func() error                             // by SIGTERM
	Restart         func(properties map[string]string) error // of a server that has ended
	Move            func() (host string, err error)          // gives the ended server another address under its name
	Anew            func() error                             // ends it and starts it with a new database
	Copy, PutBack   func() error                             // copy the database of the ended server, and put the copy back
	Pause, Resume   func() error                             // stop the process without ending it
	Abort           func()                                   // ends a server that hangs, and has it say what it was doing
	Client          func(dsn, statement string) (kill func() error, err error)
}

// abort ends the servers that can be ended so. Then calls into them fail.
func (t Target) abort() {
	for _, s := range t.Servers {
		if s.Abort != nil {
			s.Abort()
		}
	}
}

// near tells whether logins come over loopback.
func (s Server) near() bool {
	ip := net.ParseIP(s.Host)
	return s.Host == "localhost" || ip != nil && ip.IsLoopback()
}

// Missing is the reason why this target cannot run the case, or "".
func (t Target) Missing(f File, c Case) string {
	if reason := c.Not[t.Kind]; reason != "" {
		return reason
	}
	for _, s := range slices.Concat(f.Setup, c.Steps) {
		for i, server := range t.Servers {
			if strings.Contains(s.Text, fmt.Sprintf("{N%d.name}", i+1)) && server.Name == "" {
				return fmt.Sprintf("N%d has no name, only an address", i+1)
			}
			if reason := server.missing(s); i == s.Server && reason != "" {
				return reason
			}
		}
	}
	return ""
}

func (s Server) missing(step Step) string {
	from := func(where string) bool { return step.Verb == "login" && strings.Contains(step.Text, "from="+where) }
	switch {
	case step.Verb == "kill" && s.Kill == nil:
		return "no way is known to kill the server"
	case step.Verb == "terminate" && s.Terminate == nil:
		return "no way is known to send the server SIGTERM"
	case (step.Verb == "restart" || step.Verb == "gone") && s.Restart == nil:
		return "no way is known to start the server again"
	case step.Verb == "move" && s.Move == nil:
		return "no way is known to move the server to another address"
	case step.Verb == "anew" && s.Anew == nil:
		return "no way is known to make the server's database anew"
	case (step.Verb == "copy" || step.Verb == "putback") && (s.Copy == nil || s.PutBack == nil):
		return "no way is known to copy the server's database and to put the copy back"
	case step.Verb == "pause" && (s.Pause == nil || s.Resume == nil):
		return "no way is known to make the server hang"
	case from("afar") && s.Far == "":
		return "all logins come over loopback"
	case from("loopback") && !s.near():
		return "no login comes over loopback"
	}
	return ""
}

// open opens a session, as SYS when the login names nobody.
func (t Target) open(server int, host string, l Login) (*session, error) {
	if l.User == "" {
		l.User = "SYS"
		if l.Password == "" {
			l.Password = t.Odbc.Password
		}
	}
	connect := t.Open
	if connect == nil {
		connect = func(server int, host string, l Login) (Conn, error) {
			return open(t.Odbc.dsn(host, t.Servers[server].Port, l))
		}
	}
	c, err := connect(server, host, l)
	if err != nil {
		return nil, err
	}
	return &session{Conn: c}, nil
}

// eventually tries until it succeeds, for longer than anything takes on the server.
func (t Target) eventually(try func() error) error {
	for deadline := time.Now().Add(t.real(60*time.Second) + patience); ; time.Sleep(t.real(200 * time.Millisecond)) {
		if err := try(); err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

// patience is what a wait for something that is sure to come gets beyond its time. It is not waited out when all is well.
const patience = time.Minute

func (t Target) real(d time.Duration) time.Duration { return time.Duration(float64(d) * t.Scale) }
