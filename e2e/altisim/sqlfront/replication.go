package sqlfront

import (
	"time"

	"aku/e2e/altisim/engine"
)

// CreateReplication parses CREATE [LAZY] REPLICATION.
func CreateReplication(st Statement) (*engine.Replication, error) {
	p := &parser{st: st}
	p.need("CREATE")
	p.accept("LAZY")
	p.need("REPLICATION")
	r := &engine.Replication{Name: p.name()}
	p.need("WITH")
	for p.failed == nil && p.peek().Kind == Text {
		r.Hosts = append(r.Hosts, p.host())
	}
	if len(r.Hosts) == 0 {
		p.fail()
	}
	for p.failed == nil {
		r.Items = append(r.Items, p.item())
		if !p.accept(",") {
			break
		}
	}
	return r, p.end()
}

func (p *parser) host() engine.Host {
	h := engine.Host{Addr: p.text()}
	p.need(",")
	h.Port = p.number()
	return h
}

// item reads FROM u.t [PARTITION p] TO u.t [PARTITION p].
func (p *parser) item() (i engine.Item) {
	side := func(user, table, partition *string) {
		*user = p.name()
		p.need(".")
		*table = p.name()
		if p.accept("PARTITION") {
			*partition = p.name()
		}
	}
	p.need("FROM")
	side(&i.LocalUser, &i.LocalTable, &i.LocalPartition)
	p.need("TO")
	side(&i.RemoteUser, &i.RemoteTable, &i.RemotePartition)
	return i
}

// Action is the action of an ALTER REPLICATION.
type Action int

// The actions.
const (
	ActStart Action = iota + 1
	ActStop
	ActReset
	ActSync
	ActFlush
	ActAddItem
	ActDropItem
	ActAddHost
	ActDropHost
	ActSetHost
	ActQuickStart
)

// AlterReplication is a parsed ALTER REPLICATION.
type AlterReplication struct {
	Name   string
	Action Action
	Retry  bool
	Sync   engine.SyncOptions
	All    bool          // of FLUSH
	Wait   time.Duration // of FLUSH; negative: no limit
	Item   engine.Item
	Host   engine.Host
}

// ParseAlterReplication parses ALTER REPLICATION.
func ParseAlterReplication(st Statement) (a AlterReplication, err error) {
	p := &parser{st: st}
	p.need("ALTER", "REPLICATION")
	a.Name, a.Wait = p.name(), -1
	switch {
	case p.accept("START"):
		a.Action, a.Retry = ActStart, p.accept("RETRY")
	case p.accept("QUICKSTART"):
		a.Action, a.Retry = ActQuickStart, p.accept("RETRY")
	case p.accept("STOP"):
		a.Action = ActStop
	case p.accept("RESET"):
		a.Action = ActReset
	case p.accept("SYNC"):
		a.Action = ActSync
		a.Sync.Only = p.accept("ONLY")
		if p.accept("PARALLEL") {
			a.Sync.Parallel = p.number()
		}
		for p.accept("TABLE") || len(a.Sync.Tables) > 0 && p.accept(",") {
			t := engine.SyncTable{User: p.name()}
			p.need(".")
			t.Name = p.name()
			if p.accept("PARTITION") {
				t.Partition = p.name()
			}
			a.Sync.Tables = append(a.Sync.Tables, t)
		}
	case p.accept("FLUSH"):
		a.Action = ActFlush
		a.All = p.accept("ALL")
		if p.accept("WAIT") {
			a.Wait = time.Duration(p.number()) * time.Second
		}
	case p.accept("ADD", "TABLE"):
		a.Action, a.Item = ActAddItem, p.item()
	case p.accept("DROP", "TABLE"):
		a.Action, a.Item = ActDropItem, p.item()
	case p.accept("ADD", "HOST"):
		a.Action, a.Host = ActAddHost, p.host()
	case p.accept("DROP", "HOST"):
		a.Action, a.Host = ActDropHost, p.host()
	case p.accept("SET", "HOST"):
		a.Action, a.Host = ActSetHost, p.host()
	default:
		p.fail()
	}
	return a, p.end()
}
