//go:build integration

package conformance

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"aku/e2e/altisim/altisimtest"
)

// inside is set in the network namespace that the test makes for itself.
const inside = "CONFORMANCE_INSIDE"

// afar is an address in that namespace that is not a loopback one.
const afar = "10.200.0.1"

// enterNetwork runs this program again in a network namespace of its own, to have an address that is not a
// loopback one. Where that is not allowed it does nothing, and the cases that need the address are left out.
func enterNetwork() {
	if os.Getenv(inside) != "" {
		for _, args := range [][]string{{"link", "set", "lo", "up"}, {"addr", "add", afar + "/32", "dev", "lo"}} {
			if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
				fmt.Fprintf(os.Stderr, "ip %q: %v\n%s", args, err, out)
				os.Exit(1)
			}
		}
		return
	}
	if _, err := exec.LookPath("ip"); err != nil || os.Geteuid() != 0 {
		return
	}
	cmd := exec.Command(os.Args[0], os.Args[1:]...)
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return // not allowed here
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		os.Exit(exit.ExitCode())
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// farAddress returns an address through which a server sees logins from an address that is not a loopback
// one.
func farAddress(s *altisimtest.Server) string {
	if os.Getenv(inside) == "" {
		return ""
	}
	ip := net.ParseIP(s.Host).To4()
	ip[3] += 200
	l, err := net.Listen("tcp", net.JoinHostPort(ip.String(), strconv.Itoa(s.Port)))
	if err != nil {
		return ""
	}
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			go forward(from, s.Addr())
		}
	}()
	return ip.String()
}

func forward(from net.Conn, address string) {
	defer from.Close()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(afar)}}
	to, err := d.Dial("tcp", address)
	if err != nil {
		return
	}
	defer to.Close()
	go func() {
		_, _ = io.Copy(to, from)
		_ = to.Close()
	}()
	_, _ = io.Copy(from, to)
}
