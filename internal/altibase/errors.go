package altibase

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/alexbrainman/odbc"

	"aku/internal/akucore"
)

// Error is an error of a server or its driver. It matches one of the reasons of
// akucore with errors.Is.
type Error struct {
	Code string // five hexadecimal digits such as 6100D; "" when it is not Altibase's
	Text string
	kind error
}

func (e *Error) Error() string {
	if e.Code == "" {
		return e.Text
	}
	return fmt.Sprintf("ERR-%s %s", e.Code, e.Text)
}

// Is makes errors.Is(err, akucore.ErrClosed) and the like work.
func (e *Error) Is(target error) bool { return e.kind != nil && target == e.kind }

// hasCode tells whether the server gave one of these numbers.
func hasCode(err error, codes ...string) bool {
	var e *Error
	return errors.As(err, &e) && slices.Contains(codes, e.Code)
}

// exists tells whether a statement failed because another one was first: the name is taken, the
// row is there.
func exists(err error) bool { return hasCode(err, "31022", "11058") }

// UnknownColumn tells whether a statement failed because a table has other columns.
func UnknownColumn(err error) bool { return hasCode(err, "31058") }

// unlessUnknown forgives a catalogue that lacks a table or column.
func unlessUnknown(err error) error {
	if hasCode(err, "31031", "31058") {
		return nil
	}
	return err
}

// kinds are the error numbers that mean more than "it failed, try again".
var kinds = map[string]error{
	"6100A": akucore.ErrDone, // the sender has already been started
	"61027": akucore.ErrDone, // replication did not start
	"61100": akucore.ErrDone, // duplicate replication names
	"6111B": akucore.ErrDone, // undefined replication name
	"31022": akucore.ErrDone, // the name is taken

	"31031": akucore.ErrNoTable,

	"50032": akucore.ErrUnreachable, // connect failed
	"50043": akucore.ErrUnreachable,
	"51043": akucore.ErrUnreachable, // communication failures: the outcome is unknown
	"5104F": akucore.ErrUnreachable,
	"51192": akucore.ErrUnreachable, // name lookup
	"91015": akucore.ErrUnreachable, // cut connection
	"91020": akucore.ErrUnreachable,
	"910FB": akucore.ErrUnreachable, // idle instance
	"41040": akucore.ErrUnreachable, // starting
	"41088": akucore.ErrUnreachable, // not yet in the phase for queries
	"01043": akucore.ErrUnreachable, // this session was closed by another one

	"4106E": akucore.ErrClosed,
	"41041": akucore.ErrBusy,
	"4102E": akucore.ErrPassword,
	"31010": akucore.ErrPassword, // no such user
	"41061": akucore.ErrPassword, // longer than any password

	"11075": akucore.ErrLocked, // DDL_LOCK_TIMEOUT, or at once without one

	"61075": akucore.ErrTimeout, // FLUSH WAIT
	"01044": akucore.ErrTimeout, // QUERY_TIMEOUT

	"61113": akucore.ErrFatal, // no primary key
	"61111": akucore.ErrFatal, // no such table
	"6110F": akucore.ErrFatal, // no such user
	"6110C": akucore.ErrFatal, // another object already goes to this host
	"61102": akucore.ErrFatal,
	"6110B": akucore.ErrFatal, // the server takes only IP addresses as hosts
	"3118B": akucore.ErrFatal, // host too long
	"3129B": akucore.ErrFatal, // one table twice in a SYNC TABLE, though two partitions of it
	"6114E": akucore.ErrFatal, // a whole table where the object has partitions, or the other way round
	"610B9": akucore.ErrFatal, // the last host of an object
	"5108D": akucore.ErrFatal, // the driver does not understand the connection string
	"410C9": akucore.ErrFatal, // no remote SYSDBA
	"4102C": akucore.ErrFatal,
	"41043": akucore.ErrFatal, // not a user for SYSDBA
	"31084": akucore.ErrFatal, // no privilege
	"311B1": akucore.ErrFatal,
	"31001": akucore.ErrFatal, // syntax
	"312C4": akucore.ErrFatal, // DDL on a replicated table outside our own switch
	"11123": akucore.ErrFatal,
	"11079": akucore.ErrFatal,
}

// advice says what to do about errors that need a person.
var advice = map[string]string{
	"61113": "give the table a primary key",
	"61126": "the replication object was dropped; aku observes again",
	"6110C": "drop the other replication object that goes to this host, or set REPLICATION_ALLOW_DUPLICATE_HOSTS to 1",
	"3129B": "copy the partitions of one table one after the other",
	"6114E": "list the table in the same way on all pods, as a whole or by the same partitions",
	"610B9": "add another host before this one is dropped",
	"11075": "end the transaction that uses the table, or wait for its end: V$LOCK_STATEMENT and V$TRANSACTION show it",
	"01043": "another session closed the session of aku; it logs in again",
	"4102E": "correct the SYS password in the Secret",
	"41061": "the SYS password in the Secret is longer than 40 bytes, change it",
	"5108D": "the SYS password in the Secret may have a character that the ODBC driver does not take, change it",
	"31010": "check the user",
	"410C9": "set ALTIBASE_REMOTE_SYSDBA_ENABLE to 1",
}

// mismatch matches the handshake errors that different tables on both sides cause. Every
// other handshake error may go away.
var mismatch = regexp.MustCompile(`does not match|is different`)

// inText finds the number in the text of drivers that carry no native number. Such a driver
// may add words of its own after the text, and cut a long text.
var inText = regexp.MustCompile(`(?s)\[ERR-([0-9A-F]{5})\s*:\s*(.*?)(?:\][^\]]*)?$`)

// noResultSet is the driver's error for a statement that succeeded but is no query.
const noResultSet = "Stmt did not create a result set"

// Classify turns what the driver returned into an Error; nil stays nil.
func Classify(err error) error {
	if err == nil || err.Error() == noResultSet {
		return nil
	}
	if errors.Is(err, driver.ErrBadConn) {
		return &Error{Text: "the connection broke", kind: akucore.ErrUnreachable}
	}
	var diagnosed *odbc.Error
	if !errors.As(err, &diagnosed) || len(diagnosed.Diag) == 0 {
		return err
	}
	// The first record is the cause, unless the driver first complains about the
	// connection string.
	d := diagnosed.Diag[0]
	for _, other := range diagnosed.Diag {
		if d.State == "01S00" {
			d = other
		}
	}
	e := &Error{Text: strings.TrimSpace(d.Message)}
	if found := inText.FindStringSubmatch(d.Message); found != nil {
		e.Code, e.Text = found[1], strings.TrimSpace(found[2])
	} else if d.NativeError >= 0x01000 {
		e.Code = fmt.Sprintf("%05X", d.NativeError)
	}
	e.kind = kinds[e.Code]
	switch {
	case e.Code == "6100D" && mismatch.MatchString(e.Text):
		e.kind = akucore.ErrFatal
	case e.kind == nil && strings.Contains(e.Text, "Can't open lib"):
		e.kind = akucore.ErrFatal
	case e.kind == nil && strings.HasPrefix(d.State, "08"):
		e.kind = akucore.ErrUnreachable
	}
	if what, ok := advice[e.Code]; ok {
		e.Text += ": " + what
	}
	return e
}
