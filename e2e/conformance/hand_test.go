//go:build integration

package conformance

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
)

// A hand is the program outside that has started this one: in a pod, nobody inside can kill a server or start it. It is asked by a line
// on standard output, and answers by one on standard input: "ok", or what went wrong. Command onpods is one.
type hand struct {
	mu      sync.Mutex
	answers *bufio.Reader
}

// theHand is the only one: all files of cases share it.
var theHand = sync.OnceValue(func() *hand { return &hand{answers: bufio.NewReader(os.Stdin)} })

func (h *hand) do(what string, server int, properties map[string]string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	fmt.Printf("hand: %s %d", what, server+1)
	for name, value := range properties {
		fmt.Printf(" %s=%s", name, value)
	}
	fmt.Println()
	answer, err := h.answers.ReadString('\n')
	switch answer = strings.TrimSpace(answer); {
	case err != nil:
		return fmt.Errorf("%s server %d: nobody answers: %w", what, server+1, err)
	case answer != "ok":
		return errors.New(answer)
	}
	return nil
}

// leads gives a server all that the hand can do.
func (h *hand) leads(s *Server, number int) {
	does := func(what string) func() error { return func() error { return h.do(what, number, nil) } }
	s.Kill, s.Pause, s.Resume = does("kill"), does("pause"), does("resume")
	s.Restart = func(properties map[string]string) error { return h.do("restart", number, properties) }
	// A pod that is made anew has another address, under its name.
	s.Move = func() (string, error) { return s.Host, nil }
}
