//go:build integration

package conformance

import (
	"cmp"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// vendorServers are servers that somebody else has started.
type vendorServers struct {
	servers       string
	odbc          Odbc
	kill, restart string
	anew          string
	copy, putBack string
	scale         float64
	kind          string
	hand          bool
}

func vendorFlags() *vendorServers {
	v := &vendorServers{}
	flag.StringVar(&v.servers, "servers", "", "three servers, host:port[:replicationport],…, in place of stand-ins")
	flag.StringVar(&v.odbc.Driver, "driver", os.Getenv("AKU_ODBC_DRIVER"), "file of the ODBC driver")
	flag.StringVar(&v.odbc.Quote, "quote", cmp.Or(os.Getenv("AKU_ODBC_QUOTE"), "double"), "how a password is quoted: double or braces")
	flag.StringVar(&v.odbc.Sysdba, "sysdba", cmp.Or(os.Getenv("AKU_ODBC_SYSDBA"), "PRIVILEGE=SYSDBA"), "what makes a login a SYSDBA one")
	flag.StringVar(&v.odbc.Extra, "extra", cmp.Or(os.Getenv("AKU_ODBC_EXTRA"), "NLS_USE=UTF8"), "further settings of the connection string")
	flag.StringVar(&v.kind, "kind", "vendor", "whose servers they are: vendor, or altisim")
	flag.BoolVar(&v.hand, "hand", false, "who started this answers on standard input what it was asked for on standard output")
	flag.StringVar(&v.kill, "kill", "", "shell command that kills server $N as kill -9 does")
	flag.StringVar(&v.restart, "restart", "", "shell command that starts server $N, with ALTIBASE_… properties in its environment")
	flag.StringVar(&v.anew, "anew", "", "shell command that ends server $N, makes its database anew and starts it")
	flag.StringVar(&v.copy, "copy", "", "shell command that keeps a copy of the database of server $N, which does not run")
	flag.StringVar(&v.putBack, "putback", "", "shell command that puts that copy back")
	flag.Float64Var(&v.scale, "scale", 1, "what a second of the real server takes, in seconds")
	return v
}

func (v *vendorServers) target() (Target, error) {
	o := v.odbc
	var err error
	if o.Password, err = vendorPassword(); err != nil {
		return Target{}, err
	}
	t := Target{Kind: v.kind, Odbc: o, Scale: v.scale, Slack: 3 * time.Second}
	addresses := strings.Split(v.servers, ",")
	if len(addresses) != len(t.Servers) || o.Driver == "" {
		return t, fmt.Errorf("three servers and a driver are needed, not %q and %q", v.servers, o.Driver)
	}
	for i, a := range addresses {
		host, port, replication, err := splitAddress(a)
		if err != nil {
			return t, err
		}
		s := Server{Host: host, Port: port, ReplicationPort: replication, Client: startClient}
		if net.ParseIP(host) == nil {
			s.Name = host
		}
		if !s.near() {
			s.Far = host
		}
		if v.kill != "" && v.restart != "" {
			s.Kill = func() error { return command(v.kill, i, nil) }
			s.Restart = func(properties map[string]string) error { return command(v.restart, i, properties) }
		}
		if v.hand {
			theHand().leads(&s, i)
		}
		if v.anew != "" {
			s.Anew = func() error { return command(v.anew, i, nil) }
		}
		if v.copy != "" && v.putBack != "" {
			s.Copy = func() error { return command(v.copy, i, nil) }
			s.PutBack = func() error { return command(v.putBack, i, nil) }
		}
		t.Servers[i] = s
	}
	return t, nil
}

// vendorPassword is SYS's password: PASSWORD, or the content of the file AKU_SYS_PASSWORD_FILE.
func vendorPassword() (string, error) {
	if file := os.Getenv("AKU_SYS_PASSWORD_FILE"); file != "" {
		text, err := os.ReadFile(file)
		return strings.TrimRight(string(text), "\r\n"), err
	}
	return cmp.Or(os.Getenv("PASSWORD"), "MANAGER"), nil
}

// splitAddress reads host:port[:replicationport]. The default replication port is the next port.
func splitAddress(a string) (host string, port, replication int, err error) {
	f := strings.Split(strings.TrimSpace(a), ":")
	if len(f) != 2 && len(f) != 3 || f[0] == "" {
		return "", 0, 0, fmt.Errorf("a server is host:port or host:port:replicationport, not %q", a)
	}
	if port, err = strconv.Atoi(f[1]); err != nil {
		return "", 0, 0, fmt.Errorf("port of %q: %w", a, err)
	}
	replication = port + 1
	if len(f) == 3 {
		if replication, err = strconv.Atoi(f[2]); err != nil {
			return "", 0, 0, fmt.Errorf("replication port of %q: %w", a, err)
		}
	}
	return f[0], port, replication, nil
}

func command(line string, server int, properties map[string]string) error {
	cmd := exec.Command("sh", "-c", line)
	cmd.Env = append(os.Environ(), fmt.Sprintf("N=%d", server+1))
	for name, value := range properties {
		cmd.Env = append(cmd.Env, "ALTIBASE_"+name+"="+value)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", line, err, out)
	}
	return nil
}
