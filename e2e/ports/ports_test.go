package ports

import (
	"fmt"
	"net"
	"testing"
)

// from has the next search begin at a port, as that of another process may.
func from(port int) {
	next.Lock()
	defer next.Unlock()
	next.offset = port - first
}

func reserve(t *testing.T) (port int, release func()) {
	t.Helper()
	port, release, err := Reserve()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	return port, release
}

func TestReserve_PortThatIsNotListenedOnYet_IsNotGivenTwice(t *testing.T) {
	port, release := reserve(t)
	from(port)
	if again, _ := reserve(t); again == port {
		t.Errorf("%d is given to two", port)
	}
	release()
	from(port)
	if again, _ := reserve(t); again != port {
		t.Errorf("%d is given, %d was released", again, port)
	}
}

func TestReserve_PortThatIsListenedOn_IsPassedOver(t *testing.T) {
	port, release := reserve(t)
	other, err := net.Listen("tcp", fmt.Sprintf("127.0.0.77:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	release()
	from(port)
	if again, _ := reserve(t); again == port {
		t.Errorf("%d is given, somebody listens on it at one address", port)
	}
}
