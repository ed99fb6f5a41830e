package conformance

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Report reports a fault of a case, like Printf.
type Report func(format string, args ...any)

// A run is one case while it runs.
type run struct {
	target   *Target
	vars     Vars
	sessions map[string]*session
	clients  map[string]func() error
	ended    map[string]Outcome // of background statements that have ended
	down     [3]bool
	paused   [3]bool
	changed  [3]bool // started with properties of the case
}

// Run runs one case on clean servers and cleans them. An error means that they could not be cleaned.
func Run(report Report, target *Target, f File, c Case, clean func(Target) error) error {
	r := &run{target: target, vars: Vars{}, sessions: map[string]*session{}, clients: map[string]func() error{}, ended: map[string]Outcome{}}
	r.steps(report, f, c)
	return r.finish(clean)
}

func (r *run) steps(report Report, f File, c Case) {
	for _, s := range f.Setup {
		if wrong := r.step(s); wrong != "" {
			report("%s: setup: %s: %s", s.Place, r.expand(s), wrong)
			return
		}
	}
	for _, s := range c.Steps {
		if wrong := r.step(s); wrong != "" {
			report("%s: N%d> %s\n%s", s.Place, s.Server+1, r.expand(s), wrong)
			if s.Verb != "" && s.Verb != "check" {
				return // later steps would only repeat the fault
			}
		}
	}
}

func (r *run) finish(clean func(Target) error) error {
	var faults []error
	for _, s := range r.sessions {
		s.close()
	}
	for _, kill := range r.clients {
		_ = kill()
	}
	for i, s := range r.target.Servers {
		if r.paused[i] {
			_ = s.Resume()
		}
		if r.changed[i] && !r.down[i] {
			_ = s.Kill()
			r.down[i] = true
		}
		if r.down[i] {
			if err := s.Restart(nil); err != nil {
				faults = append(faults, fmt.Errorf("start N%d again: %w", i+1, err))
			} else {
				faults = append(faults, r.answers(i))
			}
		}
	}
	if err := clean(*r.target); err != nil {
		faults = append(faults, fmt.Errorf("clean up: %w", err))
	}
	return errors.Join(faults...)
}

var placeholder = regexp.MustCompile(`\{N([123])(\.\w+)?\}`)

// expand replaces addresses and bound values in a step's text. {N2} is the host and port of a replication's
// peer, {N2.host} and {N2.port} are its parts.
func (r *run) expand(s Step) string { return r.vars.Expand(r.addresses(s.Text)) }

func (r *run) addresses(text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(p string) string {
		m := placeholder.FindStringSubmatch(p)
		peer := r.target.Servers[m[1][0]-'1']
		switch m[2] {
		case ".name":
			return peer.Name
		case ".host":
			return peer.Host
		case ".port":
			return strconv.Itoa(peer.ReplicationPort)
		}
		return fmt.Sprintf("'%s',%d", peer.Host, peer.ReplicationPort)
	})
}

// step runs one line. It returns the fault, or "".
func (r *run) step(s Step) string {
	s.Want.Rows = slices.Clone(s.Want.Rows)
	for i, row := range s.Want.Rows {
		s.Want.Rows[i] = r.addresses(row)
	}
	switch s.Verb {
	case "queue":
		return r.queue(s)
	case "wait":
		time.Sleep(r.target.real(s.Limit))
		return ""
	case "check":
		if err := r.vars.Compare(s.Text); err != nil {
			return err.Error()
		}
		return ""
	case "kill", "terminate", "restart", "pause", "resume", "move", "gone", "anew", "copy", "putback":
		if err := r.outside(s); err != nil {
			return err.Error()
		}
		return ""
	case "login":
		return r.login(s)
	case "client":
		kill, err := r.target.Servers[s.Server].Client(r.dsn(s.Server), r.expand(s))
		if err != nil {
			return err.Error()
		}
		r.clients[r.key(s)] = kill
		return ""
	case "die":
		if err := r.clients[r.key(s)](); err != nil {
			return err.Error()
		}
		return ""
	}
	return r.statement(s)
}

// queue waits until so many wait for a lock of the server. Only altisim tells; another server is given its time.
func (r *run) queue(s Step) string {
	if r.target.Kind != "altisim" {
		time.Sleep(r.target.real(s.Limit))
		return ""
	}
	c, err := r.session(Step{Server: s.Server, Session: "queue"})
	if err != nil {
		return err.Error()
	}
	s.Want = Want{HasRows: true, Rows: []string{strconv.Itoa(s.Count)}}
	return r.until(s, c, "SELECT COUNT(DISTINCT TRANS_ID) FROM V$LOCK_WAIT")
}

func (r *run) key(s Step) string { return fmt.Sprintf("N%d.%s", s.Server+1, s.Session) }

func (r *run) dsn(server int) string {
	s := r.target.Servers[server]
	return r.target.Odbc.dsn(s.Host, s.Port, Login{User: "SYS", Password: r.target.Odbc.Password})
}

// session is the step's session. It is opened as a plain SYS session when it is not open.
func (r *run) session(s Step) (*session, error) {
	if c := r.sessions[r.key(s)]; c != nil {
		return c, nil
	}
	c, err := r.target.open(s.Server, r.target.Servers[s.Server].Host, Login{})
	if err != nil {
		return nil, err
	}
	r.sessions[r.key(s)] = c
	return c, nil
}

// setting is a word of a login: a key and a value, with quotes when the value has spaces.
var setting = regexp.MustCompile(`(\w+)(?:=("[^"]*"|\S*))?`)

func (r *run) login(s Step) string {
	var l Login
	host := r.target.Servers[s.Server].Host
	for _, m := range setting.FindAllStringSubmatch(r.expand(s), -1) {
		key, value := m[1], m[2]
		if quoted, ok := strings.CutPrefix(value, `"`); ok {
			value = strings.TrimSuffix(quoted, `"`)
		}
		switch key {
		case "sysdba":
			l.Sysdba = true
		case "user":
			l.User = value
		case "password":
			l.Password = value
		case "from":
			if value == "afar" {
				host = r.target.Servers[s.Server].Far
			}
		default:
			return "login takes user=, password=, from= and sysdba, not " + m[0]
		}
	}
	c, err := r.target.open(s.Server, host, l)
	if err != nil {
		return s.Want.Check(Failure(err), r.vars)
	}
	if old := r.sessions[r.key(s)]; old != nil {
		old.close()
	}
	r.sessions[r.key(s)] = c
	return s.Want.Check(Outcome{}, r.vars)
}

// statement runs a statement in the way that the verb says.
func (r *run) statement(s Step) string {
	if s.Verb == "logout" {
		if c := r.sessions[r.key(s)]; c != nil {
			c.close()
			delete(r.sessions, r.key(s))
		}
		return ""
	}
	c, err := r.session(s)
	if err != nil {
		return s.Want.Check(Failure(err), r.vars)
	}
	statement := r.expand(s)
	if c.running != nil && s.Verb != "runs" && s.Verb != "ends" && s.Verb != "enough" {
		return "a statement still runs in this session"
	}
	switch s.Verb {
	case "begin", "commit", "rollback":
		if err := c.Transaction(s.Verb); err != nil {
			return s.Want.Check(Failure(err), r.vars)
		}
		return s.Want.Check(Outcome{}, r.vars)
	case "start":
		c.start(statement)
		return ""
	case "repeat":
		c.repeat(statement)
		return ""
	case "enough":
		if c.enough == nil {
			return "no statement is repeated in this session"
		}
		close(c.enough)
		c.enough = nil
		return r.ends(s, c)
	case "runs":
		return r.runs(c)
	case "ends":
		return r.ends(s, c)
	case "until":
		return r.until(s, c, statement)
	case "still":
		return r.still(s, c, statement)
	}
	limit := 700 * time.Second // on the server's clock: longer than QUERY_TIMEOUT
	if s.Verb == "within" {
		limit = s.Limit
	}
	ctx, cancel := context.WithTimeout(context.Background(), r.target.real(limit))
	defer cancel()
	begin := time.Now()
	o := c.Run(ctx, statement)
	o.Took = time.Since(begin)
	before := c.took
	if c.took = o.Took; s.Want.Summed {
		o.Took += before
	}
	if o.Word == Cut {
		c.close()
		delete(r.sessions, r.key(s))
	}
	return r.judge(s, o)
}

func (r *run) judge(s Step, o Outcome) string {
	if wrong := s.Want.Check(o, r.vars); wrong != "" {
		return wrong
	}
	if s.Want.Timed && (o.Took < r.target.real(s.Want.Least) || o.Took > r.target.real(s.Want.Most)+r.target.Slack) {
		return fmt.Sprintf("took %s, want %s to %s on the server's clock, which is %s to %s here, and at most %s more",
			o.Took.Round(time.Millisecond), s.Want.Least, s.Want.Most, r.target.real(s.Want.Least), r.target.real(s.Want.Most), r.target.Slack)
	}
	return ""
}

func (r *run) runs(c *session) string {
	select {
	case o := <-c.running:
		c.running = nil
		if o.Err != nil {
			return fmt.Sprintf("it has ended after %s: %v", o.Took, o.Err)
		}
		return fmt.Sprintf("it has ended well after %s", o.Took)
	default:
		return ""
	}
}

func (r *run) ends(s Step, c *session) string {
	if c.running == nil {
		return "no statement was started in this session"
	}
	select {
	case o := <-c.running:
		c.running = nil
		return r.judge(s, o)
	case <-time.After(r.target.real(100*time.Second) + patience):
		return "it still runs"
	}
}

// until repeats a query until the outcome is the wanted one, for longer than any wait of a server.
func (r *run) until(s Step, c *session, query string) string {
	begin := time.Now()
	deadline := begin.Add(r.target.real(80*time.Second) + patience)
	for {
		o := c.Run(context.Background(), query)
		o.Took = time.Since(begin)
		wrong := r.judge(s, o)
		if wrong == "" || time.Now().After(deadline) {
			return wrong
		}
		time.Sleep(r.target.real(50 * time.Millisecond))
	}
}

// still checks that the outcome does not change for a while.
func (r *run) still(s Step, c *session, query string) string {
	for deadline := time.Now().Add(r.target.real(s.Limit)); ; time.Sleep(r.target.real(200 * time.Millisecond)) {
		wrong := s.Want.Check(c.Run(context.Background(), query), r.vars)
		if wrong != "" || time.Now().After(deadline) {
			return wrong
		}
	}
}
