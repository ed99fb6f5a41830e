// Command client is a user of the database for tests and the demo. Over ODBC sessions of the user SYS it
// reads tables, writes, and keeps account of what was acknowledged. It runs in a pod of its own, where
// `kubectl exec` calls it.
//
//	client install FOLDER                  copy the client with all its libraries, for containers of other images
//	client wait                            wait for SIGTERM; the pod itself runs this
//	client await-address NAME ADDRESS      wait until the name leads there and nowhere else
//	client sql [-json] [-sysdba] HOST STATEMENT…
//	                                       run statements on one session and print their rows
//	client hold HOST STATEMENT…            run statements in one transaction, which stays open until standard input or the process
//	                                       ends. Prints a line of JSON when they are done, and rolls back at the end
//	client table [-json] HOST…             rows, sum of the keys and checksum of the table on each host
//	client load -journal FILE [-from KEY] [-rows N] HOST
//	                                       insert many rows
//	client write -journal FILE [-from KEY] [-rate N] [-hold TIME] HOST
//	                                       insert rows and update own earlier rows, each in its own transaction, until
//	                                       standard input or the process ends; connect again when the host is away
//	                                       or closed. Prints a line of JSON now and then and a last one at the end. With
//	                                       -hold each transaction stays open for that long
//	client verify -journals FOLDER HOST…   compare the rows of each host with all journals of the folder, as JSON
//	client replace FOLDER FROM             replace what is in FOLDER by a copy of what is in FROM
//	client processes CONTAINER-ID          processes of a container of this node, as JSON (needs hostPID)
//	client kill CONTAINER-ID               SIGKILL the first process of a container of this node, and with it the container
//	client freeze CONTAINER-ID             SIGSTOP all processes of a container of this node
//	client thaw CONTAINER-ID               SIGCONT them (all three need hostPID and CAP_KILL)
//
// The table is SYS.T1 (ID INTEGER PRIMARY KEY, V VARCHAR(100)).
//
// It runs in the image of the server, with the ODBC driver of that image. Environment: AKU_SYS_PASSWORD or AKU_SYS_PASSWORD_FILE, AKU_PORT_NO,
// AKU_ODBC_DRIVER, AKU_ODBC_EXTRA, AKU_ODBC_SYSDBA, AKU_ODBC_QUOTE and ALTIBASE_HOME, as for aku-init.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// commands are the verbs; each has a file of its own.
var commands = map[string]func(ctx context.Context, args []string) error{
	"install":       install,
	"wait":          wait,
	"await-address": awaitAddress,
	"sql":           runSQL,
	"hold":          hold,
	"table":         showTable,
	"load":          load,
	"write":         write,
	"verify":        verify,
	"replace":       replace,
	"processes":     showProcesses,
	"kill":          kill,
	"freeze":        freeze,
	"thaw":          thaw,
}

var errUsage = errors.New("usage: client install|wait|await-address|sql|hold|table|load|write|verify|replace|processes|kill|freeze|thaw …; see the package comment")

func main() {
	ctx, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 || commands[args[0]] == nil {
		return errUsage
	}
	return commands[args[0]](ctx, args[1:])
}

func wait(ctx context.Context, _ []string) error {
	<-ctx.Done()
	return nil
}

// parse reads flags and checks the number of the other arguments.
func parse(flags *flag.FlagSet, args []string, least, most int) ([]string, error) {
	flags.SetOutput(os.Stderr)
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if rest := flags.Args(); len(rest) >= least && (most < 0 || len(rest) <= most) {
		return rest, nil
	}
	return nil, errUsage
}

// newFlags are the flags of one command.
func newFlags(command string) *flag.FlagSet {
	return flag.NewFlagSet("client "+command, flag.ContinueOnError)
}

// printJSON prints one line.
func printJSON(value any) error {
	return json.NewEncoder(os.Stdout).Encode(value)
}
