package charts

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

// environment returns the variables of a container by name; a value from a field is written as its path in angle brackets.
func environment(t *testing.T, c corev1.Container) map[string]string {
	t.Helper()
	result := map[string]string{}
	for _, v := range c.Env {
		if _, twice := result[v.Name]; twice {
			t.Errorf("%s has %s twice", c.Name, v.Name)
		}
		// As the container sees it: Kubernetes makes one of two.
		result[v.Name] = strings.ReplaceAll(v.Value, "$$", "$")
		if strings.Count(v.Value, "$")%2 != 0 {
			t.Errorf("%s: Kubernetes may read a name in %s=%s", c.Name, v.Name, v.Value)
		}
		if v.ValueFrom != nil && v.ValueFrom.FieldRef != nil {
			result[v.Name] = "<" + v.ValueFrom.FieldRef.FieldPath + ">"
		}
	}
	return result
}

// byPrefix keeps the variables whose names begin so.
func byPrefix(variables map[string]string, prefix string) map[string]string {
	result := maps.Clone(variables)
	maps.DeleteFunc(result, func(name, _ string) bool { return !strings.HasPrefix(name, prefix) })
	return result
}

// withoutOwner are the variables of aku but for those that only the sidecar has.
func withoutOwner(variables map[string]string) map[string]string {
	result := byPrefix(variables, "AKU_")
	for _, name := range ofTheOwner {
		delete(result, name)
	}
	return result
}

// defaults is the contract with aku-init and aku-prestop as the values stand.
var defaults = map[string]string{
	"AKU_STS_NAME":             "altibase",
	"AKU_SVC_NAME":             "altibase-pods",
	"AKU_POD_NAME":             "<metadata.name>",
	"AKU_POD_UID":              "<metadata.uid>",
	"AKU_POD_EVENTS":           "1",
	"AKU_SERVER_COUNT":         "4",
	"AKU_SYS_PASSWORD_FILE":    "/etc/aku/auth/password",
	"AKU_SYS_INITIAL_PASSWORD": "MANAGER",
	"AKU_PORT_NO":              "20300",
	"AKU_REPLICATION_PORT_NO":  "20301",
	"AKU_REPLICATIONS_0_REPLICATION_NAME_PREFIX": "AKU_REP",
	"AKU_REPLICATIONS_0_SYNC_PARALLEL_COUNT":     "1",
	"AKU_REPLICATIONS_0_TABLES":                  "SYS.T1",
	"AKU_QUERY_TIMEOUT":                          "3600",
	"AKU_REPLICATION_LOCK_TIMEOUT":               "3600",
	"AKU_LOCK_WAIT":                              "20",
	"AKU_BEAT_INTERVAL":                          "5",
	"AKU_QUERY_RETRY_COUNT":                      "5",
	"AKU_QUERY_RETRY_DELAY_MSEC":                 "1000",
	"AKU_ADDRESS_CHECK_COUNT":                    "30",
	"AKU_FLUSH_AT_START":                         "1",
	"AKU_FLUSH_TIMEOUT_AT_START":                 "300",
	"AKU_DELAY_START_COMPLETE_TIME":              "0",
	"AKU_FLUSH_AT_END":                           "1",
	"AKU_REPLICATION_RESET_AT_END":               "auto",
	"AKU_END_TIMEOUT":                            "115",
	"AKU_DRAIN_TIME":                             "5",
	"AKU_SHUTDOWN_AT_END":                        "1",
	"AKU_ODBC_DRIVER":                            "/root/altibase_home/lib/libaltibase_odbc-64bit-ul64.so",
	"AKU_ODBC_SYSDBA":                            "PRIVILEGE=SYSDBA",
	"AKU_ODBC_EXTRA":                             "NLS_USE=UTF8;LOGIN_TIMEOUT=4",
	"AKU_ODBC_QUOTE":                             "double",
	"AKU_RUN_DIR":                                "/run/aku",
	"AKU_INITDB_DIR":                             "/etc/aku/initdb",
	"AKU_RECOVER_FILE":                           "/etc/aku/recover/order.json",
	"AKU_HEALTH_PORT":                            "20380",
	"AKU_LOG_FORMAT":                             "text",
}

func TestAkuVariables_AreTheSameInBothContainers(t *testing.T) {
	r := render(t, least)
	for _, name := range []string{"aku", "altibase"} {
		if diff := cmp.Diff(defaults, withoutOwner(environment(t, r.container(t, name)))); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
	if env := r.container(t, "aku-install").Env; env != nil {
		t.Errorf("aku-install needs no variables: %v", env)
	}
}

func TestAkuVariables_FollowTheValues(t *testing.T) {
	r := render(t, least, `
terminationGracePeriodSeconds: 200
service: {port: 21300, replicationPort: 21301}
altibaseHome: /opt/altibase
auth: {initialPassword: first}
aku:
  serverCount: 6
  queryTimeout: 1000000
  replicationLockTimeout: 601
  lockWait: 600
  beatInterval: 60
  queryRetryCount: 2
  queryRetryDelayMsec: 250
  addressCheckCount: 90
  flushAtStart: 0
  flushTimeoutAtStart: 10
  delayStartCompleteTime: 3
  flushAtEnd: 0
  replicationResetAtEnd: 0
  drainTime: 9
  shutdownAtEnd: 0
  hostSuffix: .db.svc
  logFormat: json
  odbc: {sysdba: "pqopt={options=-cprivilege=sysdba}", extra: A=1;B=2, quote: braces}
  replications:
    - {namePrefix: REP_A, syncParallelCount: 4, tables: [SYS.T1, SYS.T2 PARTITION P1]}
    - {namePrefix: REP_B, tables: ['"Shop"."Order"']}
`)
	want := maps.Clone(defaults)
	maps.Copy(want, map[string]string{
		"AKU_SYS_INITIAL_PASSWORD":                   "first",
		"AKU_PORT_NO":                                "21300",
		"AKU_REPLICATION_PORT_NO":                    "21301",
		"AKU_SERVER_COUNT":                           "6",
		"AKU_QUERY_TIMEOUT":                          "1000000",
		"AKU_REPLICATION_LOCK_TIMEOUT":               "601",
		"AKU_LOCK_WAIT":                              "600",
		"AKU_BEAT_INTERVAL":                          "60",
		"AKU_QUERY_RETRY_COUNT":                      "2",
		"AKU_QUERY_RETRY_DELAY_MSEC":                 "250",
		"AKU_ADDRESS_CHECK_COUNT":                    "90",
		"AKU_FLUSH_AT_START":                         "0",
		"AKU_FLUSH_TIMEOUT_AT_START":                 "10",
		"AKU_DELAY_START_COMPLETE_TIME":              "3",
		"AKU_FLUSH_AT_END":                           "0",
		"AKU_REPLICATION_RESET_AT_END":               "0",
		"AKU_END_TIMEOUT":                            "195",
		"AKU_DRAIN_TIME":                             "9",
		"AKU_SHUTDOWN_AT_END":                        "0",
		"AKU_HOST_SUFFIX":                            ".db.svc",
		"AKU_LOG_FORMAT":                             "json",
		"AKU_ODBC_DRIVER":                            "/opt/altibase/lib/libaltibase_odbc-64bit-ul64.so",
		"AKU_ODBC_SYSDBA":                            "pqopt={options=-cprivilege=sysdba}",
		"AKU_ODBC_EXTRA":                             "A=1;B=2",
		"AKU_ODBC_QUOTE":                             "braces",
		"AKU_REPLICATIONS_0_REPLICATION_NAME_PREFIX": "REP_A",
		"AKU_REPLICATIONS_0_SYNC_PARALLEL_COUNT":     "4",
		"AKU_REPLICATIONS_0_TABLES":                  "SYS.T1,SYS.T2 PARTITION P1",
		"AKU_REPLICATIONS_1_REPLICATION_NAME_PREFIX": "REP_B",
		"AKU_REPLICATIONS_1_SYNC_PARALLEL_COUNT":     "1",
		"AKU_REPLICATIONS_1_TABLES":                  `"Shop"."Order"`,
	})
	for _, name := range []string{"aku", "altibase"} {
		if diff := cmp.Diff(want, withoutOwner(environment(t, r.container(t, name)))); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
	if port := r.services["altibase"].Spec.Ports[0].Port; port != 21300 {
		t.Errorf("port of the client service = %d", port)
	}
}

func TestVariables_ArriveAsTheyWereWritten(t *testing.T) {
	r := render(t, least, `{altibaseHome: /a$$b, auth: {initialPassword: "$(HOME)$$"}, aku: {odbc: {extra: A=$$(B), sysdba: "$$"}, replications: [{namePrefix: A, tables: [SYS.T$$1]}]}, properties: {X: "$$(Y)$"}}`)
	database := environment(t, r.container(t, "altibase"))
	for name, want := range map[string]string{
		"ALTIBASE_HOME": "/a$$b", "AKU_SYS_INITIAL_PASSWORD": "$(HOME)$$", "AKU_ODBC_EXTRA": "A=$$(B)", "AKU_ODBC_SYSDBA": "$$",
		"AKU_REPLICATIONS_0_TABLES": "SYS.T$$1", "ALTIBASE_X": "$$(Y)$", "AKU_ODBC_DRIVER": "/a$$b/lib/libaltibase_odbc-64bit-ul64.so",
	} {
		if database[name] != want {
			t.Errorf("%s arrives as %s, want %s", name, database[name], want)
		}
	}
}

func TestServerVariables_AreInTheDatabaseContainerOnly(t *testing.T) {
	r := render(t, least, "aku: {replicationLockTimeout: 60}", "properties: {MEM_MAX_DB_SIZE: 4G, MAX_CLIENT: 1000000, TRX_UPDATE_MAX_LOGSIZE: 0.5}")
	want := map[string]string{
		"ALTIBASE_HOME":                     "/root/altibase_home",
		"ALTIBASE_ADMIN_MODE":               "1",
		"ALTIBASE_REMOTE_SYSDBA_ENABLE":     "1",
		"ALTIBASE_PORT_NO":                  "20300",
		"ALTIBASE_REPLICATION_PORT_NO":      "20301",
		"ALTIBASE_NLS_USE":                  "UTF8",
		"ALTIBASE_REPLICATION_LOCK_TIMEOUT": "60",
		"ALTIBASE_MEM_MAX_DB_SIZE":          "4G",
		"ALTIBASE_MAX_CLIENT":               "1000000",
		"ALTIBASE_TRX_UPDATE_MAX_LOGSIZE":   "0.5",
	}
	database := environment(t, r.container(t, "altibase"))
	if diff := cmp.Diff(want, byPrefix(database, "ALTIBASE_")); diff != "" {
		t.Error(diff)
	}
	if database["MODE"] != "foreground" {
		t.Errorf("MODE = %q: the vendor's image would go to the background", database["MODE"])
	}
	home := map[string]string{"ALTIBASE_HOME": "/root/altibase_home"}
	if diff := cmp.Diff(home, byPrefix(environment(t, r.container(t, "aku")), "ALTIBASE_")); diff != "" {
		t.Errorf("aku needs only the home of its ODBC driver:\n%s", diff)
	}
}

func TestStandInValues_RunAltisimWithoutRoot(t *testing.T) {
	r := render(t, readFile(t, "altibase/ci/altisim-values.yaml"))
	database := r.container(t, "altibase")
	if database.Image != "docker.io/library/altisim:dev" || r.container(t, "aku-install").Image != "docker.io/library/aku:dev" {
		t.Errorf("images %s and %s", database.Image, r.container(t, "aku-install").Image)
	}
	variables := environment(t, database)
	for name, want := range map[string]string{
		"ALTISIM_DATA_DIR":          "/var/lib/altisim",
		"ALTISIM_SYS_PASSWORD_FILE": variables["AKU_SYS_PASSWORD_FILE"],
		"AKU_ODBC_DRIVER":           "/usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so",
		"AKU_ODBC_QUOTE":            "braces",
		"ALTIBASE_ADMIN_MODE":       "1",
	} {
		if variables[name] != want {
			t.Errorf("%s = %q, want %q", name, variables[name], want)
		}
	}
	for _, name := range []string{"ALTIBASE_HOME", "MODE"} {
		if value, found := variables[name]; found {
			t.Errorf("%s=%s is for the vendor's image", name, value)
		}
	}
	onVolume := func(m corev1.VolumeMount) bool {
		return m.Name == "data" && m.MountPath == variables["ALTISIM_DATA_DIR"]
	}
	if !slices.ContainsFunc(database.VolumeMounts, onVolume) {
		t.Errorf("data is not on the volume: %v", database.VolumeMounts)
	}
	if context := r.pod().SecurityContext; !*context.RunAsNonRoot || *context.FSGroup != 65532 {
		t.Errorf("%+v", context)
	}
}
