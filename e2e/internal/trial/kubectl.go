package trial

import "context"

// Kubectl runs kubectl in the namespace, as a user does who follows a page of the documentation, and returns what it printed.
func (s *Space) Kubectl(ctx context.Context, stdin string, args ...string) (string, error) {
	var in []byte
	if stdin != "" {
		in = []byte(stdin)
	}
	out, err := s.kubectl(ctx, in, args...)
	return string(out), err
}
