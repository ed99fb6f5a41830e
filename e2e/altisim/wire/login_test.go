package wire

import (
	"log/slog"
	"net"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"aku/e2e/altisim/engine"
	"aku/e2e/altisim/engine/enginetest"
	"aku/e2e/altisim/server"
)

// far makes every client look as if it came from another machine.
type far struct{ net.Listener }

func (f far) Accept() (net.Conn, error) {
	c, err := f.Listener.Accept()
	return farConn{c}, err
}

type farConn struct{ net.Conn }

func (farConn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(10, 200, 0, 2), Port: 40000} }

// login returns the answer to a login: empty, or the text of the refusal.
func login(t *testing.T, address, options string) string {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c := pgproto3.NewFrontend(conn, conn)
	c.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersionNumber, Parameters: map[string]string{"user": "sys", "options": options}})
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	for {
		m, err := c.Receive()
		if err != nil {
			t.Fatal(err)
		}
		switch m := m.(type) {
		case *pgproto3.AuthenticationCleartextPassword:
			c.Send(&pgproto3.PasswordMessage{Password: "MANAGER"})
			if err := c.Flush(); err != nil {
				t.Fatal(err)
			}
		case *pgproto3.ReadyForQuery:
			return ""
		case *pgproto3.ErrorResponse:
			return m.Message
		}
	}
}

func TestRemoteSYSDBA_IsRefusedUnlessThePropertyAllowsIt(t *testing.T) {
	st := enginetest.NewStore()
	e := engine.New(engine.Config{
		Store: st, Catalog: st.Catalog(), Network: enginetest.NewNetwork().From("a"), Properties: map[string]string{"REMOTE_SYSDBA_ENABLE": "0"},
	})
	front := &Front{Server: &server.Server{Engine: e}, Log: slog.New(slog.DiscardHandler)}
	near, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	remote := &Front{Server: front.Server, Log: front.Log}
	done := make(chan error, 2)
	go func() { done <- front.Serve(near) }()
	go func() { done <- remote.Serve(far{other}) }()
	const sysdba = "-cprivilege=sysdba"
	for _, c := range []struct{ name, address, options, want string }{
		{"plain from afar", other.Addr().String(), "", ""},
		{"SYSDBA from afar", other.Addr().String(), sysdba, "[ERR-410C9 : Remote access as SYSDBA not allowed]"},
		{"SYSDBA over loopback", near.Addr().String(), sysdba, ""},
	} {
		if got := login(t, c.address, c.options); !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	e.Close()
	_, _ = near.Close(), other.Close()
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
