package altibase

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"aku/internal/akucore"
	"aku/internal/lifecycle"
)

// identityTable is the table in which a database records which mesh it belongs to, and as
// which pod. It is not replicated.
//
// A name can lead to a wrong server: a DNS answer can be old, and the address may belong to
// another release by now, with the same names, password and prefixes. So aku sends no
// statement to a peer before the peer has shown its identity.
//
//   - The master creates the identity of the mesh at its first start. Slaves take it from the
//     master when they start. aku accepts a database without an identity (of an older aku), and
//     its own pod gives it one.
//   - A database is bound to its mesh and pod while it has joined state: an XSN in any of its
//     replication objects. A database that is not bound (new, or left in good order) takes the
//     identity that it finds. A slave takes that of its master. A master that lost its volume
//     takes that of bound slaves.
//   - A peer without any replication object is new, whatever its identity is: a master that lost
//     its volume while nobody answered has created an identity of its own.
//   - aku refuses the volume of another pod while it is bound.
const identityTable = "AKU_IDENTITY_"

// An identity is the row of that table, the zero value none.
type identity struct {
	mesh string
	pod  int
}

// membership is what the servers of one process know about the pod's own database; nil
// before it was read.
type membership struct {
	own   identity
	bound bool
}

// judge says why a server with this identity is not the server of the pod asked; nil when it
// may be.
func (m *membership) judge(self, asked int, shown identity) error {
	if shown == (identity{}) {
		return nil
	}
	switch {
	case shown.pod != asked && asked == self:
		if m != nil && !m.bound {
			return nil // it left its mesh in good order, and gets its new number
		}
		return stranger("this database is that of pod %d, and has joined its mesh as that: give the pod its own volume back "+
			"(a volume that shall change its pod is ended in order first, so that its replication is reset)", shown.pod)
	case shown.pod != asked:
		return stranger("what answers for pod %d is the server of pod %d: nothing was changed there; look at what the name of the pod resolves to", asked, shown.pod)
	case asked == self || m == nil || m.own == (identity{}) || m.own.mesh == shown.mesh:
		return nil
	case self == akucore.Master && !m.bound:
		return nil // it may belong to this mesh, see Settle
	}
	return stranger("what answers for pod %d belongs to another mesh (%s, here it is %s): nothing was changed there. Look at what the name of the pod resolves to; "+
		"should the two databases belong together, end one of them in order, and DELETE FROM %s.%s there", asked, shown.mesh, m.own.mesh, user, identityTable)
}

func stranger(format string, args ...any) error {
	return &Error{Text: fmt.Sprintf(format, args...), kind: akucore.ErrStranger}
}

// ownLimit is how long a peer's session waits for the identity of the pod's own database.
const ownLimit = 2 * time.Second

// recognize refuses a session that leads to a stranger. It only reads.
func (c *session) recognize(ctx context.Context) error {
	s := c.server
	if s.pod == s.config.Self {
		bound, err := c.bound(ctx)
		if err != nil {
			return err
		}
		s.member.Store(&membership{c.shows, bound})
		return c.judge()
	}
	if s.member.Load() == nil && s.own != nil {
		// While the pod's own server does not answer, aku only reads from peers.
		limited, cancel := context.WithTimeout(ctx, ownLimit)
		defer cancel()
		_, _ = s.own.Instance(limited)
	}
	refused := c.judge()
	if refused == nil || c.shows.pod != s.pod {
		return refused
	}
	objects, err := c.query(ctx, "SELECT REPLICATION_NAME FROM SYSTEM_.SYS_REPLICATIONS_")
	if err != nil {
		return err
	}
	if len(objects) > 0 {
		return refused
	}
	c.shows = identity{}
	return nil
}

// judge refuses a session that leads to a stranger. It is called again later, because the
// identity of the pod's own database may have changed since the session was opened.
func (c *session) judge() error {
	return c.server.member.Load().judge(c.server.config.Self, c.server.pod, c.shows)
}

// identity is the identity of the database; none when the table does not exist.
func (c *session) identity(ctx context.Context) (identity, error) {
	rows, err := c.query(ctx, "SELECT MESH, POD FROM "+user+"."+identityTable)
	if err != nil || len(rows) == 0 {
		return identity{}, unlessUnknown(err)
	}
	return identity{mesh: rows[0].text(0), pod: int(rows[0].int(1))}, nil
}

// bound reports whether the database has joined state.
func (c *session) bound(ctx context.Context) (bool, error) {
	rows, err := c.query(ctx, fmt.Sprintf("SELECT REPLICATION_NAME FROM SYSTEM_.SYS_REPLICATIONS_ WHERE XSN <> %d", akucore.Unset))
	return len(rows) > 0, err
}

// Settle gives the pod's own database its identity when it has none, or may change it. It
// reports whether it did: what was observed of the peers before may belong to strangers.
func (c *Cluster) Settle(ctx context.Context) (changed bool, err error) {
	own := c.Server(c.config.Self).(*Server)
	// The watch keeps its session for months; others may have joined meanwhile.
	_, err = read(ctx, own, quickTimeout, func(c *session, ctx context.Context) (any, error) {
		if err := c.prove(ctx); err != nil {
			return nil, err
		}
		return nil, c.recognize(ctx)
	})
	if err != nil {
		return false, err
	}
	had := *c.member.Load() // it was read just now
	if had.bound && had.own != (identity{}) {
		return false, nil
	}
	wanted := identity{pod: c.config.Self}
	if c.config.Self == akucore.Master {
		wanted.mesh = cmp.Or(c.meshOfSlaves(ctx), had.own.mesh, rand.Text())
	} else {
		// A master that does not answer shows no identity, and the plan says what is wrong with
		// it. A master of an older aku has no identity, either.
		shown, _, _ := c.Server(akucore.Master).(*Server).shown(ctx)
		if shown.mesh == "" || shown.pod != akucore.Master {
			return false, nil
		}
		wanted.mesh = shown.mesh
	}
	if wanted == had.own {
		return false, nil
	}
	err = own.with(ctx, quickTimeout, func(ctx context.Context, c *session) error { return c.setIdentity(ctx, wanted) })
	if err != nil {
		return false, fmt.Errorf("write the identity of the mesh into the own database: %w", err)
	}
	c.member.Store(&membership{wanted, had.bound})
	return true, nil
}

// unsettled reports whether the pod's own database may still get another identity.
func (c *Cluster) unsettled() bool {
	m := c.member.Load()
	return m != nil && (m.own == (identity{}) || c.config.Self == akucore.Master && !m.bound)
}

// meshOfSlaves is the mesh of the slaves that have joined; "" when there are no such slaves, or
// several meshes.
func (c *Cluster) meshOfSlaves(ctx context.Context) string {
	meshes, _ := lifecycle.AskPods(ctx, c.config.Pods, c.config.Pods, 0, func(ctx context.Context, pod int) (string, error) {
		if pod == akucore.Master {
			return "", nil
		}
		shown, bound, err := c.Server(pod).(*Server).shown(ctx)
		if err != nil || !bound || shown.pod != pod {
			return "", err
		}
		return shown.mesh, nil
	})
	slices.Sort(meshes)
	meshes = slices.DeleteFunc(slices.Compact(meshes), func(mesh string) bool { return mesh == "" })
	if len(meshes) != 1 {
		return ""
	}
	return meshes[0]
}

// shown is the identity that a peer shows, without a judgement.
func (s *Server) shown(ctx context.Context) (shown identity, bound bool, err error) {
	password, err := s.config.Password()
	if err != nil {
		return shown, false, err
	}
	c, err := s.open(ctx, password, false)
	if err != nil {
		return shown, false, err
	}
	defer c.close()
	err = s.quickly(ctx, func(ctx context.Context) error {
		bound, err = c.bound(ctx)
		return err
	})
	return c.shows, bound, err
}

// setIdentity changes only the pod's own database. A kill half-way leaves no identity.
func (c *session) setIdentity(ctx context.Context, i identity) error {
	if err := c.makeTable(ctx, identityTable, "MESH VARCHAR(64), POD INTEGER"); err != nil {
		return err
	}
	if err := c.exec(ctx, "DELETE FROM "+user+"."+identityTable); err != nil {
		return err
	}
	return c.exec(ctx, fmt.Sprintf("INSERT INTO %s.%s (MESH, POD) VALUES (%s, %d)", user, identityTable, literal(i.mesh), i.pod))
}
