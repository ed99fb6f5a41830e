package account

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// Journal is an account on disk. It records each statement before and after, by one write each time, so the
// record survives the writer.
type Journal struct {
	file *os.File
}

// The lines of a journal: "try 17 some value" and "ack 17".
const (
	tryLine = "try"
	ackLine = "ack"
)

// CreateJournal creates a journal. A name can be used once, because the keys of two writers must not mix.
func CreateJournal(path string) (*Journal, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("journal %s exists: give each writer a new one", path)
	}
	if err != nil {
		return nil, err
	}
	return &Journal{file: file}, nil
}

// Try records a value before it is written. Values have no line breaks.
func (j *Journal) Try(key int64, value string) error {
	_, err := fmt.Fprintf(j.file, "%s %d %s\n", tryLine, key, value)
	return err
}

// Acknowledge records that the last tried values of these keys are committed.
func (j *Journal) Acknowledge(keys ...int64) error {
	var lines strings.Builder
	for _, key := range keys {
		fmt.Fprintf(&lines, "%s %d\n", ackLine, key)
	}
	_, err := j.file.WriteString(lines.String())
	return err
}

// Close ends the journal.
func (j *Journal) Close() error { return j.file.Close() }

// Load adds a journal to the account. It ignores a last line that was cut short: that statement was not sent
// yet, or its outcome is unknown.
func (a Account) Load(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewReader(file)
	for n := 1; ; n++ {
		line, err := lines.ReadString('\n')
		if err != nil {
			return nil
		}
		if err := a.note(strings.TrimSuffix(line, "\n")); err != nil {
			return fmt.Errorf("%s:%d: %w", path, n, err)
		}
	}
}

func (a Account) note(line string) error {
	what, rest, _ := strings.Cut(line, " ")
	digits, value, _ := strings.Cut(rest, " ")
	key, err := strconv.ParseInt(digits, 10, 64)
	switch {
	case err != nil:
		return fmt.Errorf("no key in %q", line)
	case what == tryLine:
		a.Try(key, value)
		return nil
	case what == ackLine:
		return a.Acknowledge(key)
	}
	return fmt.Errorf("no such note: %q", line)
}
