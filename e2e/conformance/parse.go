package conformance

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A File holds cases that share a setup.
type File struct {
	Name  string  // without .txt
	Scale float64 // what a second of the real server takes on stand-ins, where it is not what it is elsewhere; 0: it is
	Setup []Step
	Cases []Case
}

// A Case runs between two clean states of the servers.
type Case struct {
	Name  string
	Line  int
	Not   map[string]string // kind of server → why the case cannot hold there
	Shows []string          // names of facts
	// Unseen says what needs the case although nobody has seen it on a real server, or is "".
	Unseen string
	Steps  []Step
}

// A Step is one line that does something, and its expected outcome.
type Step struct {
	Place   string // file:line
	Server  int    // 0 is N1; -1: no server
	Session string // "" is the server's first one
	Verb    string
	Count   int           // of those who queue
	Limit   time.Duration // on the server's clock
	Text    string        // statement or arguments
	Want    Want
}

var (
	statementLine = regexp.MustCompile(`^N([123])(?:\.(\w+))?(?: (\w+)(?: (\S+))?)?> (.*)$`)
	actionLine    = regexp.MustCompile(`^N([123])(?:\.(\w+))? (\w+)(?: (.*))?$`)
	queueLine     = regexp.MustCompile(`^N([123]) queue (\d+) (\S+)$`)
	scaleLine     = regexp.MustCompile(`^altisim scale ([\d.]+): .+$`)
	letLine       = regexp.MustCompile(`^let (\w+) = (.+)$`)
	showsLine     = regexp.MustCompile(`^shows: (.+)$`)
	unseenLine    = regexp.MustCompile(`^unseen: (.+)$`)
	notLine       = regexp.MustCompile(`^not (altisim|vendor): (.+)$`)
)

// Verbs of lines with a statement, and whether the verb has a duration.
var statementVerbs = map[string]bool{"": false, "until": false, "start": false, "repeat": false, "client": false, "still": true, "within": true}

// Verbs of lines that act on a server or a session.
var actionVerbs = []string{
	"login", "logout", "begin", "commit", "rollback", "runs", "ends", "enough", "die",
	"kill", "terminate", "restart", "pause", "resume", "move", "gone", "anew", "copy", "putback",
}

// Load reads all files of a folder.
func Load(dir fs.FS) ([]File, error) {
	names, err := fs.Glob(dir, "*.txt")
	if err != nil {
		return nil, err
	}
	var files []File
	var faults []error
	for _, name := range names {
		text, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, err
		}
		f, err := Parse(name, string(text))
		files, faults = append(files, f), append(faults, err)
	}
	return files, errors.Join(faults...)
}

// Parse reads one file and reports all its faults at once.
func Parse(name, text string) (File, error) {
	f := File{Name: strings.TrimSuffix(path.Base(name), ".txt")}
	var faults []error
	var step *Step
	steps := &f.Setup
	var short []string // {NAME} and its value
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		place := fmt.Sprintf("%s:%d", name, i+1)
		fault := func(format string, args ...any) {
			faults = append(faults, fmt.Errorf("%s: %s", place, fmt.Sprintf(format, args...)))
		}
		line := strings.TrimRight(lines[i], " ")
		for strings.HasSuffix(line, `\`) && i+1 < len(lines) {
			i++
			line = strings.TrimSuffix(line, `\`) + strings.TrimSpace(lines[i])
		}
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case letLine.MatchString(line):
			m := letLine.FindStringSubmatch(line)
			short = append(short, "{"+m[1]+"}", m[2])
		case strings.HasPrefix(line, "=== "):
			f.Cases = append(f.Cases, Case{Name: strings.TrimPrefix(line, "=== "), Line: i + 1, Not: map[string]string{}})
			steps, step = &f.Cases[len(f.Cases)-1].Steps, nil
			if strings.Contains(line, "(unseen") {
				fault("a name does not make a case unseen: mark it (unseen: why)")
			}
		case strings.HasPrefix(line, "  "):
			if step == nil {
				fault("nothing comes before this expectation")
			} else if err := step.Want.add(strings.TrimSpace(line)); err != nil {
				fault("%v", err)
			}
		case scaleLine.MatchString(line) && len(f.Cases) == 0:
			var err error
			if f.Scale, err = strconv.ParseFloat(scaleLine.FindStringSubmatch(line)[1], 64); err != nil {
				fault("%v", err)
			}
		case showsLine.MatchString(line) && len(f.Cases) > 0:
			f.Cases[len(f.Cases)-1].Shows = strings.Fields(showsLine.FindStringSubmatch(line)[1])
		case unseenLine.MatchString(line) && len(f.Cases) > 0:
			f.Cases[len(f.Cases)-1].Unseen = unseenLine.FindStringSubmatch(line)[1]
		case notLine.MatchString(line) && len(f.Cases) > 0:
			m := notLine.FindStringSubmatch(line)
			f.Cases[len(f.Cases)-1].Not[m[1]] = m[2]
		default:
			s, err := parseStep(line)
			if err != nil {
				fault("%v", err)
				continue
			}
			s.Place, s.Text = place, strings.NewReplacer(short...).Replace(s.Text)
			*steps = append(*steps, s)
			step = &(*steps)[len(*steps)-1]
		}
	}
	return f, errors.Join(faults...)
}

func parseStep(line string) (Step, error) {
	if text, ok := strings.CutPrefix(line, "wait "); ok {
		d, err := time.ParseDuration(text)
		return Step{Server: -1, Verb: "wait", Limit: d}, err
	}
	if text, ok := strings.CutPrefix(line, "check "); ok {
		return Step{Server: -1, Verb: "check", Text: text}, nil
	}
	if m := queueLine.FindStringSubmatch(line); m != nil {
		count, err1 := strconv.Atoi(m[2])
		d, err2 := time.ParseDuration(m[3])
		return Step{Server: int(m[1][0] - '1'), Verb: "queue", Count: count, Limit: d}, errors.Join(err1, err2)
	}
	if m := statementLine.FindStringSubmatch(line); m != nil {
		s := Step{Server: int(m[1][0] - '1'), Session: m[2], Verb: m[3], Text: m[5]}
		timed, known := statementVerbs[s.Verb]
		if !known || timed != (m[4] != "") {
			return s, fmt.Errorf("%q is not a way to run a statement", strings.TrimSpace(m[3]+" "+m[4]))
		}
		var err error
		if timed {
			s.Limit, err = time.ParseDuration(m[4])
		}
		return s, err
	}
	if m := actionLine.FindStringSubmatch(line); m != nil {
		for _, v := range actionVerbs {
			if m[3] == v {
				return Step{Server: int(m[1][0] - '1'), Session: m[2], Verb: v, Text: m[4]}, nil
			}
		}
	}
	return Step{}, fmt.Errorf("cannot read %q", line)
}

// Objects are the names that the files' statements create or change.
type Objects struct {
	Tables, Sequences, Users, Properties []string
}

var (
	createTable    = regexp.MustCompile(`^CREATE TABLE (\w+|"[^"]+") `)
	createSequence = regexp.MustCompile(`^CREATE SEQUENCE (\w+)`)
	createUser     = regexp.MustCompile(`^CREATE USER (\w+)`)
	setProperty    = regexp.MustCompile(`^ALTER SYSTEM SET (\w+) `)
)

// Made lists what the files' statements create or change.
func Made(files []File) Objects {
	var o Objects
	seen := map[string]bool{}
	note := func(list *[]string, form *regexp.Regexp, text string) {
		if m := form.FindStringSubmatch(text); m != nil && !seen[form.String()+m[1]] {
			seen[form.String()+m[1]] = true
			*list = append(*list, strings.Trim(m[1], `"`))
		}
	}
	each := func(steps []Step) {
		for _, s := range steps {
			note(&o.Tables, createTable, s.Text)
			note(&o.Sequences, createSequence, s.Text)
			note(&o.Users, createUser, s.Text)
			note(&o.Properties, setProperty, s.Text)
		}
	}
	for _, f := range files {
		each(f.Setup)
		for _, c := range f.Cases {
			each(c.Steps)
		}
	}
	return o
}
