// Command aku-init joins the Altibase server of its pod to the servers of the
// other pods, opens it to users, and keeps watch. It runs as a native sidecar
// beside the database container.
//
//	aku-init                       join, open and watch until SIGTERM
//	aku-init start                 join and open once, without a watch
//	aku-init clean                 stop and drop this pod's replication objects, stop
//	                               the peers', drop this pod's beat tables, remove the
//	                               marker; what was not sent is lost
//	aku-init info                  print the configured mesh, and what each server that
//	                               answers holds; each object has one item more than
//	                               configured tables: the beat table
//	aku-init status [-o json] [--watch]
//	                               print the mesh as a table: a row for each pod that
//	                               sends, a column for each that receives; in colour
//	                               on a terminal unless NO_COLOR is set
//	aku-init events [--pod N|all] [-o json] [--follow=false]
//	                               follow what the sidecar of a pod sees and does; all
//	                               pods when it is called outside of a pod
//	aku-init plan start|end|clean  print what the command would do now, and the
//	                               statements; changes nothing
//	aku-init verify                check that all pods are in service and hold the
//	                               same rows (-h: options, and how to repair)
//	aku-init recover --from N      give a master that lost its rows the copy of slave N;
//	                               runs in the master's pod (-h: more)
//	aku-init import FILE           print an aku.conf of the vendor's utility, or the
//	                               ConfigMap that holds it, as values of the chart
//	aku-init probe                 exit 0 when the start is complete (startup probe);
//	                               exit 1 also when it sees the vendor's aku in the
//	                               container, and then tell the sidecar
//	aku-init clear-marker          remove the marker of a completed start (postStart of
//	                               a new container)
//	aku-init scale-to-zero [--timeout 270s]
//	                               scale the StatefulSet AKU_STS_NAME to 0 and wait
//	                               until its pods have ended in order (before an
//	                               uninstall); asks only the Kubernetes API. With
//	                               --uninstalled-by-helm RELEASE --revision N it does
//	                               nothing and exits 0, unless Helm's record of that
//	                               revision, or of one of the next 15, says that the
//	                               release is being uninstalled
//	aku-init check-upgrade         check that the pods of AKU_STS_NAME can go on with
//	                               this configuration (before an upgrade; -h: more)
//	aku-init claim                 take the data folders (AKU_OWNER_FILES) for this pod
//	                               before its server starts; exit 1 when another pod has
//	                               them. When this pod's last server did not end in good
//	                               order, wait until its sign has not moved for 30 s, at
//	                               most 2 min
//	aku-init install DIR           copy the bundle that this program belongs to
//	aku-init version
//
// The vendor's options -p start, -p clean, -i and -v do the same.
//
// Exit codes: 0 done, 1 failed, 2 the configuration is wrong (all faults are
// listed and nothing was connected), 3 a person must act (master or slave failed;
// the statements that recover them are printed).
//
// # Environment
//
// Required:
//
//	AKU_STS_NAME, AKU_SVC_NAME
//	    StatefulSet and headless Service, 1-63 bytes each. The other pods are
//	    reached as <sts>-N.<svc>, at most 62 bytes together: the server's limit
//	    for a replication host.
//	AKU_SYS_PASSWORD or AKU_SYS_PASSWORD_FILE
//	    Password of SYS. The file is read at every connection, so a changed Secret
//	    needs no restart.
//	AKU_REPLICATIONS_0_REPLICATION_NAME_PREFIX, AKU_REPLICATIONS_0_TABLES
//	    One block per index 0, 1, 2, …: the replication object of pods i < j is
//	    named <prefix>_ij; the prefix has at most 37 bytes. Tables are a list of
//	    USER.TABLE or USER.TABLE PARTITION P, separated by commas; names are folded
//	    to upper case unless quoted.
//
// Optional, with default:
//
//	AKU_POD_NAME                      host name; ends in the pod number
//	AKU_POD_UID                       -      UID of the pod. With it, Kubernetes Events of the
//	                                         pod also report what a person must know (master or
//	                                         slave failed, tables, password); needs the right
//	                                         to create events
//	AKU_POD_EVENTS                    1      0: no Events
//	AKU_POD_NAMESPACE                 -      namespace of the pod, for the files below
//	AKU_OWNER_FILES                   -      files, separated by commas, one beside each data
//	                                         folder. Each holds the name of the pod that uses
//	                                         the folder, and a number that changes while it runs
//	AKU_HOST_SUFFIX                   -      appended to every host name
//	AKU_SYS_INITIAL_PASSWORD          -      password that the image gives SYS in a new
//	                                         database; aku changes it to the one above
//	AKU_SERVER_COUNT                  4      1-6, the largest number of pods. A pod with a higher
//	                                         number stays alive, but out of the mesh, and says so
//	AKU_PORT_NO                       20300  1024-65535
//	AKU_REPLICATION_PORT_NO           20301  1024-65535
//	AKU_REPLICATIONS_0_SYNC_PARALLEL_COUNT 1 1-100
//	AKU_REPLICATION_LOCK_TIMEOUT      3600   seconds for which a receiver waits for a lock before it
//	                                         gives the row up, set on each server; 6-3600
//	AKU_LOCK_WAIT                     20     seconds for which a statement of aku, and users
//	                                         behind it, wait for locks of tables; 1-600
//	AKU_BEAT_INTERVAL                 5      seconds between two beats of a pod in service; 1-60
//	AKU_QUERY_TIMEOUT                 3600   seconds for one statement; 0 = none. Any value but
//	                                         the default also limits SYNC, which otherwise may
//	                                         take as long as its copy moves
//	AKU_QUERY_RETRY_COUNT             5      retries of a failed statement
//	AKU_QUERY_RETRY_DELAY_MSEC        1000   milliseconds between them
//	AKU_ADDRESS_CHECK_COUNT           30     tries, one a second, until the pod's own name
//	                                         resolves to this pod and its server answers
//	AKU_FLUSH_AT_START                1      restart of a joined pod: deliver both ways first
//	AKU_FLUSH_TIMEOUT_AT_START        300    seconds for that; 0 = AKU_QUERY_TIMEOUT. After it
//	                                         the start begins again, and the pod stays closed
//	AKU_DELAY_START_COMPLETE_TIME     0      seconds between copied and open, slaves only
//	AKU_RUN_DIR                       /run/aku  marker, lock and logs, shared by the containers
//	AKU_INITDB_DIR                    -      folder of *.sql that run once on a new server, in the
//	                                         order of their names; UTF-8, as for isql. When one
//	                                         cannot be read, parsed or run, the pod stays closed.
//	                                         Each attempt to start reads all of them again, runs
//	                                         them from the first one, and skips what exists
//	AKU_RECOVER_FILE                  -      order to recover a lost master from slave N, once:
//	                                         {"from":1,"generation":"1-48213"}. The log of the
//	                                         master prints the generation. Each attempt to start
//	                                         reads the file again
//	AKU_HEALTH_PORT                   20380  HTTP /livez, /readyz, /metrics, /events, /given-up.
//	                                         /livez fails only when nothing has moved for longer
//	                                         than any step takes; it does not fail during a wait
//	AKU_LOG_FORMAT                    text   or json
//	AKU_ODBC_DRIVER                   $ALTIBASE_HOME/lib/libaltibase_odbc-64bit-ul64.so
//	AKU_ODBC_SYSDBA                   PRIVILEGE=SYSDBA  attribute for a SYSDBA session
//	AKU_ODBC_EXTRA                    NLS_USE=UTF8;LOGIN_TIMEOUT=4  more attributes. With
//	                                         LOGIN_TIMEOUT (seconds) Altibase's driver gives up
//	                                         a login by itself; other drivers may not know it
//	AKU_ODBC_QUOTE                    double  how the driver wants special characters
//	                                         in a value quoted: double ("…") or braces ({…})
//
// aku-prestop describes the variables of the end.
package main

import (
	"context"
	"errors"
	"os"
	"strings"

	"aku/internal/akucore"
	"aku/internal/process"
	"aku/internal/rundir"
	"aku/internal/settings"
	"aku/internal/sidecar"
	"aku/internal/wiring"
)

func main() {
	os.Exit(process.ExitCode(run(process.Context(), os.Args[1:])))
}

// aliases are the options of the vendor's utility.
var aliases = map[string]string{"-p start": "start", "-p clean": "clean", "-i": "info", "-v": "version", "--help": "-h", "help": "-h"}

func run(ctx context.Context, args []string) error {
	if name, ok := aliases[strings.Join(args, " ")]; ok {
		args = []string{name}
	}
	if len(args) == 0 {
		return watch(ctx)
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(ctx, args[1:])
		}
	}
	return process.Usage(usage())
}

// watch joins, opens and watches until SIGTERM.
func watch(ctx context.Context) error {
	process.StaySmall()
	s, err := settings.Read()
	switch {
	case errors.Is(err, akucore.ErrSurplus):
		return sidecar.Surplus(s, err, process.Logger(s.LogFormat, os.Stdout)).Run(ctx)
	case err != nil:
		return process.Misconfigured(err)
	}
	return withSidecar(s, func(c *sidecar.Sidecar) error { return c.Run(ctx) })
}

// withSettings does something with the settings of a pod.
func withSettings(do func(settings.Settings) error) error { return with(settings.Read, do) }

// withMesh does something with settings that belong to no pod: it can be done from
// anywhere.
func withMesh(do func(settings.Settings) error) error { return with(settings.ReadMesh, do) }

func with(read func() (settings.Settings, error), do func(settings.Settings) error) error {
	s, err := read()
	if err != nil {
		return process.Misconfigured(err)
	}
	return do(s)
}

func withSidecar(s settings.Settings, do func(*sidecar.Sidecar) error) error {
	servers, disconnect, err := wiring.Connect(s)
	if err != nil {
		return process.Misconfigured(err)
	}
	defer disconnect()
	log := process.Logger(s.LogFormat, os.Stdout)
	servers.SetFirstPassword(s.FirstPassword, log)
	return do(sidecar.New(s, servers, log))
}

// runDir is needed by commands that run before, or without, a full configuration.
func runDir() rundir.Dir {
	if dir := os.Getenv("AKU_RUN_DIR"); dir != "" {
		return rundir.Dir(dir)
	}
	return "/run/aku"
}
