package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"aku/e2e/altisim/engine"
	"aku/e2e/altisim/server"
	"aku/e2e/altisim/sqlfront"
)

// client is one connection.
type client struct {
	front   *Front
	conn    net.Conn
	in      *input
	back    *pgproto3.Backend
	id      uint32
	secret  []byte
	session *server.Session
	running running
	answers atomic.Bool // from a message to its answer

	prepared map[string]prepared
	portals  map[string]*portal
	failed   bool // skip until Sync
}

func newClient(f *Front, conn net.Conn, id uint32) *client {
	in := readAhead(conn)
	return &client{
		front: f, conn: conn, in: in, back: pgproto3.NewBackend(in, conn), id: id, secret: make([]byte, 4),
		prepared: map[string]prepared{}, portals: map[string]*portal{},
	}
}

func (c *client) cancelRunning() { c.running.end(engine.ErrCancelled) }

// serve talks to the client until either side ends.
func (c *client) serve() error {
	start, err := c.greet()
	if start == nil || err != nil {
		return err
	}
	if err := c.login(start); err != nil {
		c.back.Send(errorResponse("FATAL", err))
		return errors.Join(c.back.Flush(), err)
	}
	defer c.session.Close()
	// The end of the session ends the connection, and the other way round. A client that waits for an answer
	// gets it first.
	ends := c.session.Context()
	defer context.AfterFunc(ends, func() {
		if !errors.Is(context.Cause(ends), engine.ErrSessionClosed) || !c.answers.Load() {
			_ = c.conn.Close()
		}
	})()
	go func() {
		<-c.in.gone
		c.running.end(engine.ErrCommunication)
	}()
	for {
		if err := c.back.Flush(); err != nil {
			return err
		}
		c.answers.Store(false)
		if err := context.Cause(ends); err != nil {
			return err
		}
		m, err := c.back.Receive()
		if err != nil {
			return err
		}
		c.answers.Store(true)
		if done, err := c.handle(m); done || err != nil {
			return err
		}
	}
}

// greet handles what precedes a start-up message. It returns nil when the connection was for something else.
func (c *client) greet() (*pgproto3.StartupMessage, error) {
	for {
		m, err := c.back.ReceiveStartupMessage()
		if err != nil {
			return nil, err
		}
		switch m := m.(type) {
		case *pgproto3.StartupMessage:
			return m, nil
		case *pgproto3.CancelRequest:
			c.front.cancel(m.ProcessID, m.SecretKey)
			return nil, nil
		case *pgproto3.SSLRequest, *pgproto3.GSSEncRequest:
			if _, err := c.conn.Write([]byte{'N'}); err != nil {
				return nil, err
			}
		}
	}
}

func (c *client) login(start *pgproto3.StartupMessage) error {
	user := start.Parameters["user"]
	app := start.Parameters["application_name"]
	sysdba := strings.Contains(strings.ToLower(start.Parameters["options"]), "privilege=sysdba")
	c.back.Send(&pgproto3.AuthenticationCleartextPassword{})
	if err := c.back.Flush(); err != nil {
		return err
	}
	if err := c.back.SetAuthType(pgproto3.AuthTypeCleartextPassword); err != nil {
		return err
	}
	m, err := c.back.Receive()
	if err != nil {
		return err
	}
	p, ok := m.(*pgproto3.PasswordMessage)
	if !ok {
		return fmt.Errorf("expected a password, got %T", m)
	}
	remote := true
	if a, ok := c.conn.RemoteAddr().(*net.TCPAddr); ok {
		remote = !a.IP.IsLoopback()
	}
	c.session, err = c.front.Server.Open(engine.Login{
		User: strings.ToUpper(user), Password: p.Password, Sysdba: sysdba, Remote: remote,
		From: "TCP " + c.conn.RemoteAddr().String(), App: app,
	})
	if err != nil {
		c.front.Log.Debug("login refused", "sysdba", sysdba, "error", err)
		return err
	}
	c.front.Log.Debug("login", "session", c.session.ID)
	c.back.Send(&pgproto3.AuthenticationOk{})
	for _, p := range [][2]string{
		{"server_version", "13.0"}, {"server_encoding", "UTF8"}, {"client_encoding", "UTF8"}, {"DateStyle", "ISO, MDY"},
		{"integer_datetimes", "on"}, {"standard_conforming_strings", "on"}, {"TimeZone", "UTC"}, {"application_name", app},
	} {
		c.back.Send(&pgproto3.ParameterStatus{Name: p[0], Value: p[1]})
	}
	c.back.Send(&pgproto3.BackendKeyData{ProcessID: c.id, SecretKey: c.secret})
	c.ready()
	return nil
}

func (c *client) ready() {
	state := byte('I')
	if c.session.InTransaction() {
		state = 'T'
	}
	c.back.Send(&pgproto3.ReadyForQuery{TxStatus: state})
}

// handle answers one message. done means that the client said goodbye.
func (c *client) handle(m pgproto3.FrontendMessage) (done bool, err error) {
	if _, sync := m.(*pgproto3.Sync); c.failed && !sync {
		return false, nil
	}
	switch m := m.(type) {
	case *pgproto3.Query:
		err = c.query(m.String)
	case *pgproto3.Parse:
		err = c.parse(m)
	case *pgproto3.Bind:
		err = c.bind(m)
	case *pgproto3.Describe:
		err = c.describe(m)
	case *pgproto3.Execute:
		return false, c.execute(m)
	case *pgproto3.Close:
		if m.ObjectType == 'S' {
			delete(c.prepared, m.Name)
		} else {
			delete(c.portals, m.Name)
		}
		c.back.Send(&pgproto3.CloseComplete{})
	case *pgproto3.Sync:
		c.failed = false
		c.ready()
	case *pgproto3.Flush:
	case *pgproto3.Terminate:
		return true, nil
	default:
		err = fmt.Errorf("unexpected message %T", m)
	}
	return false, err
}

// query runs a simple query: all its statements, up to the first that fails.
func (c *client) query(text string) error {
	statements, err := sqlfront.Split(text)
	if err != nil {
		c.back.Send(errorResponse("ERROR", err))
	}
	if err == nil && len(statements) == 0 {
		c.back.Send(&pgproto3.EmptyQueryResponse{})
	}
	for _, st := range statements {
		out, err := c.run(st, nil)
		if err != nil {
			c.back.Send(errorResponse("ERROR", err))
			break
		}
		if out.Rows != nil {
			c.back.Send(rowDescription(out.Rows))
		}
		c.sendResult(out)
		if out.After != nil {
			c.ready()
			err := c.back.Flush()
			out.After()
			return err
		}
	}
	c.ready()
	return nil
}

// run runs a statement so that it can be cancelled.
func (c *client) run(st sqlfront.Statement, args []any) (server.Output, error) {
	ctx, cancel := c.session.StatementContext()
	c.running.set(cancel)
	defer func() {
		c.running.set(nil)
		cancel(nil)
	}()
	select {
	case <-c.in.gone:
		return server.Output{}, engine.ErrCommunication
	default:
	}
	began := time.Now()
	out, err := c.session.Do(ctx, st, args)
	c.front.Log.Debug("statement", "session", c.session.ID, "took", time.Since(began), "text", st.Source, "error", err)
	return out, err
}

func (c *client) sendResult(out server.Output) {
	tag := out.Tag
	if out.Rows != nil {
		sendRows(c.back, out.Rows)
		tag = fmt.Sprintf("SELECT %d", len(out.Rows.Rows))
	}
	c.back.Send(&pgproto3.CommandComplete{CommandTag: []byte(tag)})
}
