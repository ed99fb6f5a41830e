package engine

import "context"

// QuickStart is ALTER REPLICATION … QUICKSTART [RETRY]: a START at now, whatever is pending.
func (s *Server) QuickStart(ctx context.Context, name string, retry bool) error {
	err := s.changeReplication(ctx, name, true, func(_ *Catalog, r *Replication) error {
		if s.sending(name) {
			return ErrSenderStarted
		}
		if r.XSN != NoSN {
			r.XSN = s.store.LastSN()
			r.Pinned = r.XSN
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.Start(ctx, name, retry)
}
