//go:build integration

package conformance

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
)

// A hand is the program outside that started this one, such as command onpods. In a pod, nobody inside can
// kill or start a server. The hand takes a request as a line on standard output, and answers with a line on
// standard input: "ok", or the error.
type hand struct {
	mu      sync.Mutex
	answers *bufio.Reader
	scale   float64 // at which it has stand-ins run; 0: not known
}

// All files of cases share theHand.
var theHand = sync.OnceValue(func() *hand { return &hand{answers: bufio.NewReader(os.Stdin)} })

func (h *hand) do(what string, server int, properties map[string]string) error {
	words := []string{what, strconv.Itoa(server + 1)}
	for name, value := range properties {
		words = append(words, name+"="+value)
	}
	return h.ask(words...)
}

func (h *hand) ask(words ...string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	request := strings.Join(words, " ")
	fmt.Println("hand: " + request)
	answer, err := h.answers.ReadString('\n')
	switch answer = strings.TrimSpace(answer); {
	case err != nil:
		return fmt.Errorf("%s: nobody answers: %w", request, err)
	case answer != "ok":
		return errors.New(answer)
	}
	return nil
}

// paces starts stand-ins again where a file wants another scale than the one before.
func (h *hand) paces(t Target) error {
	if h.scale == t.Scale {
		return nil
	}
	if err := h.ask("scale", strconv.FormatFloat(t.Scale, 'g', -1, 64)); err != nil {
		return err
	}
	h.scale = t.Scale
	for i, server := range t.Servers {
		err := t.eventually(func() error {
			s, err := t.open(i, server.Host, Login{})
			if err == nil {
				s.close()
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("server %d at another scale: %w", i+1, err)
		}
	}
	return nil
}

// leads gives a server the actions of the hand.
func (h *hand) leads(s *Server, number int) {
	does := func(what string) func() error { return func() error { return h.do(what, number, nil) } }
	s.Kill, s.Pause, s.Resume = does("kill"), does("pause"), does("resume")
	s.Anew, s.Copy, s.PutBack = does("anew"), does("copy"), does("putback")
	s.Restart = func(properties map[string]string) error { return h.do("restart", number, properties) }
	// A replaced pod has another address under the same name.
	s.Move = func() (string, error) { return s.Host, nil }
}
