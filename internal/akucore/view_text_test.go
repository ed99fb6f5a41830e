package akucore

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// parseView reads a View as the stories write it. CONTRIBUTING.md has the form.
func parseView(t *testing.T, text string) View {
	t.Helper()
	p := viewParser{View: View{Mesh: Mesh{
		StatefulSet: "altibase", Service: "altibase-svc", ReplicationPort: 20301,
	}, Pods: map[int]Pod{}, Replicas: -1}, pod: -1}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if err := p.line(line); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
	}
	return p.View
}

type viewParser struct {
	View
	pod int // the pod that the lines are about, -1 before the first
}

var errWords = errors.New("no such line")

func (p *viewParser) line(line string) error {
	words := strings.Fields(line)
	if _, err := strconv.Atoi(words[0]); err == nil {
		return p.podLine(words)
	}
	rest := strings.TrimSpace(strings.TrimPrefix(line, words[0]))
	if p.pod < 0 {
		return p.meshLine(words[0], rest)
	}
	return p.stateLine(words[0], rest)
}

// meshLine is one about the configuration.
func (p *viewParser) meshLine(word, rest string) (err error) {
	switch word {
	case "pod":
		_, err = fmt.Sscanf(rest, "%d of %d", &p.Self, &p.ServerCount)
		p.Blocks = []Block{{Prefix: "AKU_REP", Parallel: 1, Tables: tablesOf("T1")}}
	case "replicas":
		p.Replicas, err = strconv.Atoi(rest)
	case "skipped": // skipped N to M
		var s Side
		_, err = fmt.Sscanf(rest, "%d to %d", &s.On, &s.Peer)
		p.Skipped = append(p.Skipped, s)
	case "port":
		p.ReplicationPort, err = strconv.Atoi(rest)
	case "tables":
		p.Blocks[0].Tables = tablesOf(rest)
	case "block":
		prefix, tables, _ := strings.Cut(rest, " ")
		p.Blocks = append(p.Blocks, Block{Prefix: prefix, Parallel: 1, Tables: tablesOf(tables)})
	default:
		return errWords
	}
	return err
}

// podLine begins a pod: its number, and open, closed, away or refuses.
func (p *viewParser) podLine(words []string) (err error) {
	if p.pod, err = strconv.Atoi(words[0]); err != nil || len(words) != 2 {
		return errWords
	}
	pod := Pod{State: State{Objects: map[string]Object{}, Beats: map[Table]map[int]Beats{}, Tables: map[Table]TableState{}}}
	switch words[1] {
	case "open":
	case "closed":
		pod.AdminMode = p.pod == p.Self
		if !pod.AdminMode {
			pod.Err = ErrClosed
		}
	case "away":
		pod.Err = ErrUnreachable
	case "refuses":
		pod.Err = ErrPassword
	default:
		return errWords
	}
	for _, t := range p.Beats() {
		if pod.Err == nil {
			pod.Beats[t] = map[int]Beats{}
		}
	}
	p.Pods[p.pod] = pod
	return nil
}

// stateLine is one about the server of the pod.
func (p *viewParser) stateLine(word, rest string) error {
	pod := p.Pods[p.pod]
	switch word {
	case "to": // its side of a pair, in each block
		for _, b := range p.Blocks {
			if err := p.side(b, rest); err != nil {
				return err
			}
		}
	case "missing":
		pod.Tables[tablesOf(rest)[0]] = TableMissing
	case "beats": // beats of N: ...
		var of int
		list, _ := strings.CutPrefix(rest, "of ")
		head, list, _ := strings.Cut(list, ": ")
		if _, err := fmt.Sscan(head, &of); err != nil {
			return err
		}
		for _, t := range p.Beats() {
			pod.Beats[t][of] = beatsOf(list)
		}
	case "no": // no beat table [PREFIX]
		for _, b := range p.Blocks {
			if prefix, _ := strings.CutPrefix(rest, "beat table"); prefix == "" || strings.TrimSpace(prefix) == b.Prefix {
				delete(pod.Beats, b.Beat())
			}
		}
	case "recovery": // recovery from N [generation G]
		var source int
		var generation string
		_, _ = fmt.Sscanf(rest, "from %d generation %s", &source, &generation)
		p.add(p.RecoverySign(source, generation), Object{XSN: Unset})
	case "given": // given up on N
		var peer int
		if _, err := fmt.Sscanf(rest, "up on %d", &peer); err != nil {
			return err
		}
		p.add(p.GivenUpSign(p.pod, peer), Object{XSN: Unset})
	default:
		for _, b := range p.Blocks { // the side of one block, or one that the configuration does not know
			if b.Prefix == word {
				_, side, _ := strings.Cut(rest, "to ")
				return p.side(b, side)
			}
		}
		_, side, _ := strings.Cut(rest, "to ")
		return p.side(Block{Prefix: word, Tables: p.Blocks[0].Tables}, side)
	}
	return nil
}

// side reads "PEER XSN STATE [tables T1, T2] [host H] [port N]" or "PEER reset".
func (p *viewParser) side(b Block, text string) error {
	words, tables, listed := strings.Cut(text, " tables ")
	fields := strings.Fields(words)
	peer, err := strconv.Atoi(fields[0])
	if err != nil || len(fields) < 2 {
		return errWords
	}
	spec, o := p.Spec(b, p.pod, peer), Object{XSN: Unset}
	if !slices.ContainsFunc(p.Blocks, func(known Block) bool { return known.Prefix == b.Prefix }) {
		spec.Tables = append(slices.Clone(b.Tables), p.Blocks[0].Beat())
	}
	if listed {
		spec.Tables = tablesOf(tables)
	}
	options := fields[2:]
	if fields[1] != "reset" {
		if o.XSN, err = strconv.ParseInt(fields[1], 10, 64); err != nil {
			return err
		}
		if o.Started, o.Sender, err = senderOf(fields[2]); err != nil {
			return err
		}
		options = fields[3:]
	}
	for len(options) > 1 {
		switch options[0] {
		case "sender":
			_, o.Sender, err = senderOf(options[1])
		case "host":
			spec.Host = options[1]
		case "port":
			spec.Port, err = strconv.Atoi(options[1])
		}
		options = options[2:]
	}
	p.add(spec, o)
	return err
}

func (p *viewParser) add(spec ObjectSpec, o Object) {
	o.Name, o.Host, o.Port, o.Tables = spec.Name, spec.Host, spec.Port, spec.Tables
	p.Pods[p.pod].Objects[o.Name] = o
}

func senderOf(word string) (started bool, sender SenderState, err error) {
	switch word {
	case "running":
		return true, SenderRunning, nil
	case "retrying":
		return true, SenderRetry, nil
	case "connecting":
		return true, SenderConnecting, nil
	case "ended":
		return true, SenderNone, nil
	case "copying":
		return false, SenderSync, nil
	case "stopped":
		return false, SenderNone, nil
	}
	return false, SenderNone, errWords
}

// tablesOf reads tables that are separated by commas: T1 is SYS.T1, U.T/P a partition.
func tablesOf(list string) (tables []Table) {
	for name := range strings.SplitSeq(list, ", ") {
		t := Table{User: "SYS", Name: name}
		if user, name, ok := strings.Cut(name, "."); ok {
			t.User, t.Name = user, name
		}
		t.Name, t.Partition, _ = strings.Cut(t.Name, "/")
		tables = append(tables, t)
	}
	return tables
}

// beatsOf reads beats that are separated by commas: "100" begins a life, "150 in 100" is of
// that life, "200 after 150" begins one when the pod had 150.
func beatsOf(list string) (beats Beats) {
	for text := range strings.SplitSeq(list, ", ") {
		var b Beat
		if n, _ := fmt.Sscanf(text, "%d in %d", &b.Number, &b.Life); n < 2 {
			_, _ = fmt.Sscanf(text, "%d after %d", &b.Number, &b.Prev)
			b.Life = b.Number
		}
		beats = append(beats, b)
	}
	return beats
}
