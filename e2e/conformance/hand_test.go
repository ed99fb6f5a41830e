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

// A hand is the program outside that started this one, such as command onpods. In a pod, nobody inside can
// kill or start a server. The hand takes a request as a line on standard output, and answers with a line on
// standard input: "ok", or the error.
type hand struct {
	mu      sync.Mutex
	answers *bufio.Reader
}

// All files of cases share theHand.
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

// leads gives a server the actions of the hand.
func (h *hand) leads(s *Server, number int) {
	does := func(what string) func() error { return func() error { return h.do(what, number, nil) } }
	s.Kill, s.Pause, s.Resume = does("kill"), does("pause"), does("resume")
	s.Restart = func(properties map[string]string) error { return h.do("restart", number, properties) }
	// A replaced pod has another address under the same name.
	s.Move = func() (string, error) { return s.Host, nil }
}
