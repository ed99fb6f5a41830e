package engine

import (
	"errors"
	"fmt"
)

// Error is an error of the server: a number and a text.
type Error struct {
	Code int
	Text string
}

func (e *Error) Error() string { return fmt.Sprintf("[ERR-%05X : %s]", e.Code, e.Text) }

// Is makes errors with the same code equal, whatever their text.
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t.Code == e.Code
}

// Errors with a fixed text.
var (
	ErrQueryTimeout       = &Error{0x01044, "Client's query exceeded the execution time limit."}
	ErrSessionClosed      = &Error{0x01043, "The session has been closed by the server"}
	ErrCancelled          = &Error{0x01040, "The client cancelled the statement."}
	ErrDeadlock           = &Error{0x11041, "A deadlock situation has been detected."}
	ErrLockTimeout        = &Error{0x11075, "The transaction has exceeded the lock timeout specified by the user."}
	ErrDuplicateKey       = &Error{0x11058, "The row already exists in a unique index."}
	ErrNotEnoughValues    = &Error{0x31053, "Not enough insert values"}
	ErrUserNotFound       = &Error{0x31010, "User not found"}
	ErrNameUsed           = &Error{0x31022, "The name is already used by an existing object."}
	ErrIndexNotFound      = &Error{0x31014, "Index not found"}
	ErrReplicatedDDL      = &Error{0x31020, "You cannot execute DDL on a replicated table."}
	ErrReplicatedDrop     = &Error{0x3103F, "No DDL statement may be executed on a replicated table."}
	ErrNoPermission       = &Error{0x31084, "The user has no permission to execute the SQL statement."}
	ErrSyncTwice          = &Error{0x3129B, "Duplicate table names."}
	ErrNameTooLong        = &Error{0x3118B, "The length of the name exceeds the maximum limit."}
	ErrDDLDisabled        = &Error{0x312C4, "Cannot execute this DDL on a replicated table when the system property REPLICATION_DDL_ENABLE is 0."}
	ErrDDLSessionNone     = &Error{0x312C6, "Cannot execute this DDL on a replicated table when the session property REPLICATION is NONE."}
	ErrPartitionDDL       = &Error{0x313D9, "You cannot execute DDL on a replicated partition."}
	ErrInvalidPassword    = &Error{0x4102E, "Invalid password"}
	ErrSysdbaTaken        = &Error{0x41041, "Another SYSDBA session is already running."}
	ErrInvalidPrivileges  = &Error{0x41043, "Invalid access privileges"}
	ErrLoginTooLong       = &Error{0x41061, "The length of the identifier is too long"}
	ErrAdminMode          = &Error{0x4106E, "If ADMIN_MODE is activated, only the users SYS and SYSTEM_ can connect to the database with SYSDBA privileges. Verify that you have SYSDBA privileges."}
	ErrSessionProperty    = &Error{0x4109C, "Invalid session property"}
	ErrRemoteSysdba       = &Error{0x410C9, "Remote access as SYSDBA not allowed"}
	ErrSessionNotFound    = &Error{0x410EB, "The session does not exist."}
	ErrSenderStarted      = &Error{0x6100A, "The sender has already been started."}
	ErrReplicationOff     = &Error{0x61023, "Replication is disabled."}
	ErrNotStarted         = &Error{0x61027, "Replication did not start."}
	ErrFlushTimeout       = &Error{0x61075, "Timeout exceed."}
	ErrAlreadyStarted     = &Error{0x610FE, "Replication has already started."}
	ErrLastHost           = &Error{0x610B9, "You cannot drop only one host."}
	ErrDuplicateName      = &Error{0x61100, "Duplicate replication names. The replication name already exists in the database."}
	ErrDuplicateHosts     = &Error{0x6110C, "Replication hosts already exist."}
	ErrItemNotFound       = &Error{0x6111A, "No replication items found."}
	ErrReplicationUnknown = &Error{0x6111B, "Undefined replication name. The replication name was not found in the database."}
	ErrHostNotFound       = &Error{0x6111F, "Replication hosts not found."}
	ErrSyncUnknown        = &Error{0x61126, "Replication not found"}
	ErrSyncFailed         = &Error{0x61153, "Replication synchronization failed."}
	ErrDDLLevel           = &Error{0x6117F, "Cannot execute this DDL on a replicated table when the system property REPLICATION_DDL_ENABLE_LEVEL is 0."}
	ErrCommunication      = &Error{0x91015, "Communication failure."}
)

// Errorf makes an error whose text names something.
func Errorf(code int, format string, args ...any) *Error {
	return &Error{code, fmt.Sprintf(format, args...)}
}

// errTooMany has a number that no server uses, because nobody has seen the real one.
var errTooMany = &Error{0x61FFF, "There are as many replication objects as the server takes."}

func errHandshake(why string) *Error {
	return Errorf(0x6100D, "[Sender] Failed to handshake with the peer server (%s)", why)
}

// Reasons of a failed handshake. The first two can heal by themselves.
const (
	whyNoPeer   = "Handshake Process Error"
	whyNoObject = "Network error during receiving metadata ACK"
)

func errNoPrivilege(privilege string) *Error {
	return Errorf(0x311B1, "The user must have %s privilege(s) to execute this statement.", privilege)
}
