package trial

import "context"

// Kubectl runs kubectl in the namespace, as a user does who follows the documentation, and returns its
// output.
func (s *Space) Kubectl(ctx context.Context, stdin string, args ...string) (string, error) {
	var in []byte
	if stdin != "" {
		in = []byte(stdin)
	}
	out, err := s.kubectl(ctx, in, args...)
	return string(out), err
}
