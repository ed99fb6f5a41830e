package charts

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
)

// TestRules_FailWithASentenceThatNamesTheValue holds what only a template can say. The release is called altibase.
func TestRules_FailWithASentenceThatNamesTheValue(t *testing.T) {
	for _, c := range []struct{ name, values, want string }{
		{
			"more replicas than servers", "{replicaCount: 3, aku: {serverCount: 2}}",
			"replicaCount is 3, but replication is laid out for aku.serverCount = 2 pods: raise aku.serverCount (at most 6) or lower replicaCount.",
		},
		{
			// 5 drain + 10 delivery + 3 STOPs + 16 shutdown + 5 reserve
			"grace period", "terminationGracePeriodSeconds: 38",
			"terminationGracePeriodSeconds is 38, but a pod needs at least 39 seconds to end in good order with aku.drainTime = 5, aku.serverCount = 4, aku.shutdownAtEnd = 1 and 1 block(s) in aku.replications: raise it.",
		},
		{
			"grace period with a long drain", "{terminationGracePeriodSeconds: 60, aku: {drainTime: 60}}",
			"terminationGracePeriodSeconds is 60, but a pod needs at least 94 seconds",
		},
		{
			"grace period with two blocks and no shutdown",
			"{terminationGracePeriodSeconds: 20, aku: {serverCount: 6, shutdownAtEnd: 0, replications: [{namePrefix: A, tables: [SYS.T1]}, {namePrefix: B, tables: [SYS.T2]}]}}",
			"terminationGracePeriodSeconds is 20, but a pod needs at least 30 seconds",
		},
		{
			"host name", "fullnameOverride: a-rather-long-name-for-a-db-ab",
			"the host name a-rather-long-name-for-a-db-ab-3.a-rather-long-name-for-a-db-ab-pods has 68 bytes, but Altibase takes at most 62: choose a shorter release name, fullnameOverride or aku.hostSuffix.",
		},
		{
			"host name with suffix", "aku: {hostSuffix: .production-databases.svc.cluster.local}",
			"the host name altibase-3.altibase-pods.production-databases.svc.cluster.local has 63 bytes",
		},
		{
			"no password", "auth: {sysPassword: ''}",
			"auth.existingSecret is empty: name the Secret that holds the password of SYS, or give auth.sysPassword for trying out.",
		},
		{
			"two passwords", "auth: {existingSecret: mine}",
			"auth.existingSecret and auth.sysPassword are both set: keep one of them. An empty auth.sysPassword takes away that of another values file or of the release before.",
		},
		{
			"password too long", "auth: {sysPassword: '01234567890123456789012345678901234567890'}",
			"auth.sysPassword has 41 bytes, but Altibase takes at most 40: choose a shorter one.",
		},
		{
			"password with a quote", `auth: {sysPassword: "p'w"}`,
			"auth.sysPassword has a quote, a line end or another control character in it, which Altibase takes in no password: choose one without.",
		},
		{
			"first password with a double quote", `auth: {initialPassword: 'p"w'}`,
			"auth.initialPassword has a quote, a line end",
		},
		{
			"a table of aku's own", "aku: {replications: [{namePrefix: REP, tables: [SYS.T1, sys.rep_beat]}]}",
			"aku.replications[0].tables has SYS.REP_BEAT, aku's own table, which is replicated anyway: take it out of the list.",
		},
		{
			"a longer wait for a lock than receivers have", "aku: {lockWait: 20, replicationLockTimeout: 20}",
			"aku.lockWait is 20, but it must be below aku.replicationLockTimeout = 20, after which receivers give up rows that wait: lower the first or raise the second.",
		},
		{
			"more objects than a server takes",
			"aku: {serverCount: 6, replications: [{namePrefix: A, tables: [SYS.A]}, {namePrefix: B, tables: [SYS.B]}, {namePrefix: C, tables: [SYS.C]}, " +
				"{namePrefix: D, tables: [SYS.D]}, {namePrefix: E, tables: [SYS.E]}, {namePrefix: F, tables: [SYS.F]}, {namePrefix: G, tables: [SYS.G]}]}",
			"aku.replications has 7 blocks, which with aku.serverCount = 6 make 35 replication objects on each server, but a server takes 32 (REPLICATION_MAX_COUNT): put the tables into fewer blocks or lower aku.serverCount.",
		},
		{
			"table with a single quote", `aku: {replications: [{namePrefix: A, tables: ['SYS."it''s"']}]}`,
			`aku.replications[0].tables has "SYS.\"it's\"": write USER.TABLE`,
		},
		{
			"nothing to replicate", "aku: {replications: []}",
			"aku.replications is empty: name at least one block with namePrefix and tables.",
		},
		{
			"table without user", "aku: {replications: [{namePrefix: A, tables: [SYS.T1]}, {namePrefix: B, tables: [T2]}]}",
			`aku.replications[1].tables has "T2": write USER.TABLE or USER.TABLE PARTITION NAME.`,
		},
		{
			"two tables in one text", "aku: {replications: [{namePrefix: A, tables: ['SYS.T1,SYS.T2']}]}",
			`aku.replications[0].tables has "SYS.T1,SYS.T2": write USER.TABLE`,
		},
		{
			"partition without name", "aku: {replications: [{namePrefix: A, tables: [SYS.T1 PARTITION]}]}",
			`aku.replications[0].tables has "SYS.T1 PARTITION": write USER.TABLE`,
		},
		{
			"table in two blocks", "aku: {replications: [{namePrefix: A, tables: [SYS.T1]}, {namePrefix: B, tables: [sys.t1]}]}",
			"aku.replications[1].tables has sys.t1, which aku.replications[0].tables has already: name a table once.",
		},
		{
			"table in two blocks, quoted once", `aku: {replications: [{namePrefix: A, tables: [sys.t1]}, {namePrefix: B, tables: ['"SYS"."T1"']}]}`,
			`aku.replications[1].tables has "SYS"."T1", which aku.replications[0].tables has already`,
		},
		{
			"table twice in a block", "aku: {replications: [{namePrefix: A, tables: [SYS.T1 PARTITION P1, SYS.T1  partition  p1]}]}",
			"aku.replications[0].tables has SYS.T1  partition  p1, which aku.replications[0].tables has already",
		},
		{
			"one prefix for two blocks", "aku: {replications: [{namePrefix: rep, tables: [SYS.T1]}, {namePrefix: REP, tables: [SYS.T2]}]}",
			"aku.replications[1].namePrefix REP is also that of aku.replications[0]: give each block its own.",
		},
		{
			"one port for two things", "service: {port: 20301}",
			"service.port is 20301 and service.replicationPort is 20301: they must differ from each other and from 20380, the health port of aku.",
		},
		{
			"the health port taken", "service: {replicationPort: 20380}",
			"service.port is 20300 and service.replicationPort is 20380: they must differ",
		},
		{
			"property of the chart", "properties: {ADMIN_MODE: 0}",
			"properties.ADMIN_MODE must not be given: the chart sets it.",
		},
		{
			"property that is a port", "properties: {PORT_NO: 20300}",
			"properties.PORT_NO must not be given: set service.port instead.",
		},
		{
			"property that is a value", "properties: {REPLICATION_LOCK_TIMEOUT: 5}",
			"properties.REPLICATION_LOCK_TIMEOUT must not be given: set aku.replicationLockTimeout instead.",
		},
		{
			"property with prefix", "properties: {ALTIBASE_MAX_CLIENT: 10}",
			"properties.ALTIBASE_MAX_CLIENT: leave out the prefix ALTIBASE_, which the chart adds.",
		},
		{
			"variable of aku", "env: [{name: AKU_DRAIN_TIME, value: '1'}]",
			"env or extraEnv has AKU_DRAIN_TIME: set the value under aku instead, so that both containers get it.",
		},
		{
			"variable of the server", "extraEnv: [{name: ALTIBASE_PORT_NO, value: '1'}]",
			"env or extraEnv has ALTIBASE_PORT_NO: set it under properties, service or altibaseHome instead.",
		},
		{
			"the vendor's aku beside ours", "args: ['-c', 'server start && aku -p start; sleep infinity']",
			"command or args call aku -p, the vendor's own utility: two of them on the same replications lose rows, for it empties tables and resets without a proof; remove that call, the chart's aku does it.",
		},
		{
			"the vendor's aku by its path", "command: [sh, -c, '$ALTIBASE_HOME/bin/aku -p end']",
			"command or args call aku -p",
		},
		{
			"no service account", "serviceAccount: {create: false}",
			"serviceAccount.create is false and serviceAccount.name is empty, but aku.replicationResetAtEnd = auto and aku.podEvents speak to the Kubernetes API: name a service account, let the chart make one, or set aku.replicationResetAtEnd to 0 or 1 and aku.podEvents to false.",
		},
		{
			"a recovery from nobody", "aku: {recover: {generation: 1-7}}",
			"aku.recover.generation is set, but aku.recover.from is 0: name the pod to recover the master from, or remove both.",
		},
		{
			"a recovery of any loss", "aku: {recover: {from: 1}}",
			`aku.recover.generation is "", which is none of aku.recover.from = 1: take the one that the log of pod 0 names for that pod, such as 1-48213.`,
		},
		{
			"a recovery with the generation of another pod", "aku: {recover: {from: 1, generation: 2-7}}",
			`aku.recover.generation is "2-7", which is none of aku.recover.from = 1: take the one that the log of pod 0 names for that pod, such as 1-48213.`,
		},
		{
			"a recovery from a pod that there cannot be", "aku: {recover: {from: 4, generation: 4-7}}",
			"aku.recover.from is 4, but there are only pods below aku.serverCount = 4.",
		},
		{
			"one claim for several pods", "persistence: {existingClaim: mine}",
			"persistence.existingClaim is one volume, but aku.serverCount = 4 pods would share its folders: set aku.serverCount to 1, or rename the claim to data-altibase-0 and leave existingClaim empty, or give each of persistence.mounts a subPathExpr with $(POD_NAME).",
		},
		{
			"one claim for several pods, one folder for all", "{altibaseHome: '', aku: {odbc: {driver: /d.so}}, persistence: {existingClaim: mine, mounts: [{mountPath: /a, subPathExpr: $(POD_NAME)}, {mountPath: /b}]}}",
			"persistence.existingClaim is one volume, but",
		},
		{
			"the folder of one pod for all", "persistence: {mounts: [{mountPath: /root/altibase_home, subPath: nfs/altibase-0/home}]}",
			"persistence.mounts has the subPath nfs/altibase-0/home, which is the name of one pod, for all of them: write subPathExpr with $(POD_NAME) in its place.",
		},
		{
			"the variable of the chart", "{env: [{name: POD_NAME, value: x}], persistence: {mounts: [{mountPath: /root/altibase_home, subPathExpr: $(POD_NAME)}]}}",
			"env or extraEnv has POD_NAME, which the chart sets for subPathExpr: remove it.",
		},
		{
			"a claim without persistence", "{aku: {serverCount: 1}, persistence: {enabled: false, existingClaim: mine}}",
			"persistence.existingClaim is set, but persistence.enabled is false: switch persistence on or remove the claim.",
		},
		{
			"a mount beside the home", "persistence: {mounts: [{mountPath: /root/altibase_home/dbs}, {mountPath: /root/altibase_home/logs}, {mountPath: /data}]}",
			"persistence.mounts has /data, but the server keeps its data below altibaseHome = /root/altibase_home: mount one of /root/altibase_home/dbs, /root/altibase_home/logs, /root/altibase_home/arch_logs, /root/altibase_home/trc, or all of altibaseHome, or leave persistence.mounts empty.",
		},
		{
			"a mount with a similar name", "persistence: {mounts: [{mountPath: /root/altibase_home/dbs}, {mountPath: /root/altibase_home/logs}, {mountPath: /root/altibase_home/dbs2}]}",
			"persistence.mounts has /root/altibase_home/dbs2, but the server keeps",
		},
		{
			"mounts of another home", "{altibaseHome: /opt/altibase, persistence: {mounts: [{mountPath: /root/altibase_home/dbs}, {mountPath: /root/altibase_home/logs}]}}",
			"/opt/altibase/dbs is on no volume, so a pod that is replaced would start empty: add it to persistence.mounts, or leave persistence.mounts empty.",
		},
		{
			"logs on no volume", "persistence: {mounts: [{mountPath: /root/altibase_home/dbs}]}",
			"/root/altibase_home/logs is on no volume",
		},
		{
			"data nowhere", "{altibaseHome: '', aku: {odbc: {driver: /d.so}}}",
			"persistence.mounts is empty, and so is altibaseHome, from which it is derived: say where the image keeps its data.",
		},
		{
			"log volume nowhere", "persistence: {logVolume: {enabled: true, mountPaths: [/logs]}}",
			"persistence.logVolume.mountPaths has /logs, which is no mountPath of persistence.mounts: name folders that are there.",
		},
		{
			"licence without home", "{license: {existingSecret: mine}, altibaseHome: '', aku: {odbc: {driver: /d.so}}, persistence: {mounts: [{mountPath: /d}]}}",
			"license.existingSecret is set, but altibaseHome is empty: it says where the server looks for the licence.",
		},
		{
			"two kinds of scripts", "initdb: {existingConfigMap: mine, scripts: {a.sql: SELECT 1}}",
			"initdb.existingConfigMap and initdb.scripts are both set: keep one of them.",
		},
		{
			"rolling update by hand", "updateStrategy: {type: OnDelete, rollingUpdate: {partition: 1}}",
			"updateStrategy.rollingUpdate is for the type RollingUpdate: remove it with OnDelete.",
		},
		{
			"a common label of the chart", "commonLabels: {app.kubernetes.io/version: '1'}",
			"commonLabels has app.kubernetes.io/version, which the chart sets: choose another name.",
		},
		{
			"a pod label of the selector", "podLabels: {app.kubernetes.io/name: x}",
			"podLabels has app.kubernetes.io/name, by which the pods are found: choose another name.",
		},
		{
			"a label of the selector for hooks", "hooks: {podLabels: {app.kubernetes.io/instance: x}}",
			"hooks.podLabels has app.kubernetes.io/instance, by which Services would lead to pods of hooks: choose another name.",
		},
		{
			"the aku image that is nowhere", "aku: {image: {registry: ''}}",
			"aku.image is the default, which is in no public registry: build it (docker build -f images/aku/Dockerfile), push it, and name it by aku.image.registry, repository and tag; or set aku.install to false when the database image holds it.",
		},
		{
			"the aku image of a release that names no registry", "aku: {image: {registry: '', digest: 'sha256:" + strings.Repeat("a", 64) + "'}}",
			"aku.image is the default, which is in no public registry",
		},
		{
			"a registry in the repository", "image: {repository: example.org/altibase/altibase}",
			"image.repository is example.org/altibase/altibase, with a registry: move example.org to image.registry, so that global.imageRegistry can take its place.",
		},
		{
			"a registry with a port in the repository", "aku: {image: {repository: 'mirror:5000/aku'}}",
			"aku.image.repository is mirror:5000/aku, with a registry: move mirror:5000 to aku.image.registry",
		},
		{
			"a tag in the repository", "image: {repository: 'altibase/altibase:7.3'}",
			"image.repository is altibase/altibase:7.3, with a tag: move the part after : to image.tag.",
		},
		{
			"a digest in the repository", "image: {repository: 'altibase/altibase@sha256:00'}",
			"image.repository is altibase/altibase@sha256:00, with a digest: move the part after @ to image.digest.",
		},
		{
			"a script that no ConfigMap takes", "initdb: {scripts: {a.sql: '" + strings.Repeat("x", 1<<20) + "'}}",
			"initdb.scripts have 1048581 bytes, but a ConfigMap takes at most 1048576: load rows by a client when the pods run, or mount the files by extraVolumes.",
		},
		{
			"a mount over aku", "extraVolumeMounts: [{name: x, mountPath: /opt/aku/bin/}]",
			"persistence.mounts or extraVolumeMounts has /opt/aku/bin, but /opt/aku is the chart's own: choose another one.",
		},
		{
			"a mount over the password", "persistence: {mounts: [{mountPath: /root}, {mountPath: /etc/aku}]}",
			"persistence.mounts or extraVolumeMounts has /etc/aku, but /etc/aku is the chart's own",
		},
		{
			"a mount over aku in the sidecar", "aku: {extraVolumeMounts: [{name: data, mountPath: /opt/aku/lib}]}",
			"aku.extraVolumeMounts has /opt/aku/lib, but /opt/aku is the chart's own: choose another one.",
		},
		{
			"two mounts at one place in the sidecar", "aku: {extraVolumeMounts: [{name: data, mountPath: /a}, {name: logs, mountPath: /a/}]}",
			"aku.extraVolumeMounts has /a twice, and Kubernetes takes a place only once: remove one.",
		},
		{
			"two mounts at one place", "extraVolumeMounts: [{name: x, mountPath: /root/altibase_home/trc}]",
			"persistence.mounts or extraVolumeMounts has /root/altibase_home/trc twice, and Kubernetes takes a place only once: remove one.",
		},
		{
			"a variable twice", "extraEnv: [{name: MODE, value: x}]",
			"env and extraEnv have MODE twice: remove one.",
		},
		{
			"a variable of the chart for aku", "aku: {extraEnv: [{name: AKU_PORT_NO, value: '1'}]}",
			"aku.extraEnv has AKU_PORT_NO, which the chart sets: set its own value instead.",
		},
		{
			"a claim of the chart", "persistence: {extraClaims: [{name: logs, size: 1Gi, mountPaths: [/root/altibase_home/trc]}]}",
			"persistence.extraClaims has the name logs, which is a volume of the chart: choose another one.",
		},
		{
			"a claim for nothing", "persistence: {extraClaims: [{name: trc, size: 1Gi, mountPaths: [/trc]}]}",
			"persistence.extraClaims has trc for /trc, which is no mountPath of persistence.mounts: name folders that are there.",
		},
		{
			"two claims for one folder", "persistence: {logVolume: {enabled: true}, extraClaims: [{name: more, size: 1Gi, mountPaths: [/root/altibase_home/logs]}]}",
			"persistence.extraClaims has more for /root/altibase_home/logs, which logVolume has already: name a folder once.",
		},
		{
			"a volume of the chart", "extraVolumes: [{name: data, emptyDir: {}}]",
			"extraVolumes has the name data, which is a volume of the chart: choose another one.",
		},
		{
			"a container of the chart", "extraContainers: [{name: aku, image: x}]",
			"extraInitContainers or extraContainers has the name aku, which is a container of the chart: choose another one.",
		},
		{
			"no driver", "altibaseHome: ''",
			"aku.odbc.driver and altibaseHome are both empty: one of them must say where the ODBC driver is.",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := tryRender(t, "altibase", least, c.values)
			if err == nil {
				t.Fatalf("rendered, want: %s", c.want)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestRules_RefuseNamesThatKubernetesRefuses(t *testing.T) {
	for release, want := range map[string]string{
		"1st":     "the objects would be called 1st-altibase, but the name of a Service has small letters, digits and hyphens, and begins with a letter: give a fullnameOverride, or another name of the release.",
		"my.shop": "the objects would be called my.shop-altibase, but",
	} {
		if _, err := tryRender(t, release, least); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got  %v\nwant %s", release, err, want)
		}
		if _, err := tryRender(t, release, least, "fullnameOverride: shop"); err != nil {
			t.Errorf("%s: %v", release, err)
		}
	}
}

func TestRules_TheNameOfAnAliasFitsIntoALabel(t *testing.T) {
	options := chartutil.ReleaseOptions{Name: "shop", Namespace: "db", IsInstall: true}
	_, err := renderFor(t, options, func(c *chart.Chart, v chartutil.Values) (map[string]string, error) {
		return new(engine.Engine).Render(named(c, strings.Repeat("a", 58)), v)
	}, least, "fullnameOverride: shop")
	want := strings.Repeat("a", 58) + " has 58 bytes, but with what is added to it a label takes at most 57: give a nameOverride."
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// named is a chart under another name, as a parent chart's alias gives it.
func named(c *chart.Chart, name string) *chart.Chart {
	metadata, alias := *c.Metadata, *c
	metadata.Name, alias.Metadata = name, &metadata
	return &alias
}

func TestRules_TellAllFaultsAtOnce(t *testing.T) {
	_, err := tryRender(t, "altibase", "{replicaCount: 5, terminationGracePeriodSeconds: 1}")
	if err == nil {
		t.Fatal("rendered")
	}
	for _, want := range []string{"replicaCount", "terminationGracePeriodSeconds", "auth.existingSecret", "aku.replications"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not named in: %v", want, err)
		}
	}
}

func TestRules_ShowNoPassword(t *testing.T) {
	for _, key := range []string{"sysPassword", "initialPassword"} {
		for _, password := range []string{`5ecret"`, "5ecret'", "5ecret\n", "5ecret\t", strings.Repeat("5ecret", 7)} {
			_, err := tryRender(t, "altibase", least, fmt.Sprintf("auth: {%s: %q}", key, password))
			if err == nil || !strings.Contains(err.Error(), "auth."+key) || strings.Contains(err.Error(), "5ecret") {
				t.Errorf("%s %q: %v", key, password, err)
			}
		}
	}
}

func TestRules_LetTheLimitsPass(t *testing.T) {
	for name, values := range map[string]string{
		"aku in the database's image": "aku: {image: {registry: ''}, install: false}",
		"aku of the cluster":          "aku: {image: {registry: '', tag: dev}}",
		"aku by a mirror":             "{global: {imageRegistry: mirror}, aku: {image: {registry: ''}}}",
		"durations":                   "metrics: {podMonitor: {enabled: true, interval: 1m30s}, prometheusRule: {enabled: true, for: 1h30m}}",
		"a long name of the chart":    "{nameOverride: a-name-of-fifty-seven-bytes-is-as-long-as-a-name-may-beat, fullnameOverride: short}",
		"the folder of the only pod":  "{aku: {serverCount: 1}, persistence: {mounts: [{mountPath: /root/altibase_home, subPath: altibase-0}]}}",
		"a command of another name":   "{command: [/bin/daku -p 1, aku-init -p], args: [aku, status]}",
		"all of the home":             "persistence: {mounts: [{mountPath: /root/altibase_home}]}",
		"more than the home":          "persistence: {mounts: [{mountPath: /root}]}",
		"a folder of a folder":        "persistence: {mounts: [{mountPath: /root/altibase_home/dbs}, {mountPath: /root/altibase_home/logs}, {mountPath: /root/altibase_home/dbs/more}]}",
		"data moved by a property":    "{properties: {MEM_DB_DIR: /data/dbs, LOG_DIR: '?/elsewhere'}, persistence: {mounts: [{mountPath: /data}, {mountPath: /root/altibase_home/elsewhere}]}}",
		"data moved by a variable":    "{env: [{name: DATA, value: /data/db/}], persistence: {mounts: [{mountPath: /data}]}}",
		"no home, no volume":          "{altibaseHome: '', aku: {odbc: {driver: /d.so}}, persistence: {enabled: false}}",
		"replicas":                    "{replicaCount: 6, aku: {serverCount: 6}}",
		"none":                        "replicaCount: 0",
		"grace":                       "terminationGracePeriodSeconds: 39",
		"host name":                   "fullnameOverride: a-rather-long-name-for-a-db", // 62 bytes
		"prefix":                      "aku: {replications: [{namePrefix: A234567890123456789012345678901234567, tables: [SYS.T1]}]}",
		"tables": `aku: {replications: [{namePrefix: A, syncParallelCount: 100, tables: [SYS.T1, 'U$1.T#1', '"a b"."c.d"', SYS.T2 PARTITION P1,
			SYS.T2 PARTITION P2, '"sys"."t1"', 'SYS."A,B"', SYS.주문]}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			render(t, least, values)
		})
	}
}

// TestSchema_FailsOnWhatItCanSay holds a fault of every kind the schema knows; the path of the value is in the message.
func TestSchema_FailsOnWhatItCanSay(t *testing.T) {
	for _, c := range []struct{ values, path, want string }{
		{"replicas: 3", "''", "'replicas' not allowed"},
		{"aku: {serverCout: 3}", "/aku", "'serverCout' not allowed"},
		{"aku: {odbc: {Driver: x}}", "/aku/odbc", "'Driver' not allowed"},
		{"aku: {image: {version: x}}", "/aku/image", "'version' not allowed"},
		{"aku: {replications: [{namePrefix: A, tables: [S.T], parallel: 1}]}", "/aku/replications/0", "'parallel' not allowed"},
		{"auth: {password: x}", "/auth", "'password' not allowed"},
		{"image: {version: x}", "/image", "'version' not allowed"},
		{"service: {ports: 1}", "/service", "'ports' not allowed"},
		{"persistence: {storageclass: x}", "/persistence", "'storageclass' not allowed"},
		{"persistence: {mounts: [{path: /x, mountPath: /y}]}", "/persistence/mounts/0", "'path' not allowed"},
		{"initdb: {script: {}}", "/initdb", "'script' not allowed"},
		{"probes: {start: {}}", "/probes", "'start' not allowed"},
		{"probes: {startup: {period: 1}}", "/probes/startup", "'period' not allowed"},
		{"resources: {limit: {}}", "/resources", "'limit' not allowed"},
		{"aku: {resources: {limit: {}}}", "/aku/resources", "'limit' not allowed"},
		{"env: [{name: A, vlaue: b}]", "/env/0", "'vlaue' not allowed"},
		{"imagePullSecrets: [{nam: b}]", "/imagePullSecrets/0", "'nam' not allowed"},
		{"replicaCount: two", "/replicaCount", "want integer"},
		{"replicaCount: -1", "/replicaCount", "minimum"},
		{"replicaCount: 7", "/replicaCount", "got 7, want 6"},
		{"aku: {serverCount: 7}", "/aku/serverCount", "got 7, want 6"},
		{"aku: {serverCount: 0}", "/aku/serverCount", "got 0, want 1"},
		{"aku: {replications: [{namePrefix: A2345678901234567890123456789012345678, tables: [S.T]}]}", "/aku/replications/0/namePrefix", "got 38, want 37"},
		{"aku: {replications: [{namePrefix: 1A, tables: [S.T]}]}", "/aku/replications/0/namePrefix", "does not match"},
		{"aku: {replications: [{tables: [S.T]}]}", "/aku/replications/0", "'namePrefix'"},
		{"aku: {replications: [{namePrefix: A}]}", "/aku/replications/0", "'tables'"},
		{"aku: {replications: [{namePrefix: A, tables: []}]}", "/aku/replications/0/tables", "want 1"},
		{"aku: {replications: [{namePrefix: A, tables: [S.T], syncParallelCount: 101}]}", "/aku/replications/0/syncParallelCount", "got 101, want 100"},
		{"aku: {replications: [{namePrefix: A, tables: [S.T], syncParallelCount: 0}]}", "/aku/replications/0/syncParallelCount", "got 0, want 1"},
		{"aku: {queryTimeout: -1}", "/aku/queryTimeout", "minimum"},
		{"aku: {replicationLockTimeout: 5}", "/aku/replicationLockTimeout", "minimum"},
		{"aku: {replicationLockTimeout: 3601}", "/aku/replicationLockTimeout", "maximum"},
		{"aku: {lockWait: 0}", "/aku/lockWait", "minimum"},
		{"aku: {lockWait: 601}", "/aku/lockWait", "maximum"},
		{"aku: {beatInterval: 0}", "/aku/beatInterval", "minimum"},
		{"aku: {beatInterval: 61}", "/aku/beatInterval", "maximum"},
		{"aku: {queryRetryCount: -1}", "/aku/queryRetryCount", "minimum"},
		{"aku: {queryRetryDelayMsec: -1}", "/aku/queryRetryDelayMsec", "minimum"},
		{"aku: {addressCheckCount: 0}", "/aku/addressCheckCount", "minimum"},
		{"aku: {queryTimeout: 4294967296}", "/aku/queryTimeout", "maximum"},
		{"aku: {queryRetryCount: 1000001}", "/aku/queryRetryCount", "maximum"},
		{"aku: {queryRetryDelayMsec: 3600001}", "/aku/queryRetryDelayMsec", "maximum"},
		{"aku: {addressCheckCount: 1000001}", "/aku/addressCheckCount", "maximum"},
		{"aku: {drainTime: 86401}", "/aku/drainTime", "maximum"},
		{"aku: {flushAtStart: 2}", "/aku/flushAtStart", "must be one of"},
		{"aku: {flushAtEnd: true}", "/aku/flushAtEnd", "want integer"},
		{"aku: {replicationResetAtEnd: maybe}", "/aku/replicationResetAtEnd", "must be one of"},
		{"aku: {shutdownAtEnd: 2}", "/aku/shutdownAtEnd", "must be one of"},
		{"aku: {flushTimeoutAtStart: -1}", "/aku/flushTimeoutAtStart", "minimum"},
		{"aku: {delayStartCompleteTime: -1}", "/aku/delayStartCompleteTime", "minimum"},
		{"aku: {drainTime: -1}", "/aku/drainTime", "minimum"},
		{"aku: {hostSuffix: db.svc}", "/aku/hostSuffix", "does not match"},
		{"aku: {logFormat: xml}", "/aku/logFormat", "must be one of"},
		{"aku: {odbc: {quote: single}}", "/aku/odbc/quote", "must be one of"},
		{"aku: {odbc: {driver: psqlodbcw.so}}", "/aku/odbc/driver", "does not match"},
		{"service: {port: 1023}", "/service/port", "got 1,023, want 1,024"},
		{"service: {replicationPort: 65536}", "/service/replicationPort", "got 65,536, want 65,535"},
		{"service: {type: ExternalName}", "/service/type", "must be one of"},
		{"image: {digest: abc}", "/image/digest", "does not match"},
		{"image: {pullPolicy: Sometimes}", "/image/pullPolicy", "must be one of"},
		{"image: {repository: ''}", "/image/repository", "minLength"},
		{"persistence: {accessModes: [ReadOnlyMany]}", "/persistence/accessModes/0", "must be one of"},
		{"persistence: {mounts: [{mountPath: /x, subPath: a, subPathExpr: $(POD_NAME)}]}", "/persistence/mounts/0", "'not' failed"},
		{"persistence: {mounts: [{mountPath: /x, subPathExpr: $(POD)}]}", "/persistence/mounts/0/subPathExpr", "does not match"},
		{"properties: {X: 1e21}", "/properties/X", "maximum"},
		{"properties: {X: 12345678901234567}", "/properties/X", "maximum"},
		{"persistence: {storageClass: 123}", "/persistence/storageClass", "want string"},
		{"nameOverride: a-name-of-fifty-eight-bytes-is-one-byte-longer-than-it-may-be", "/nameOverride", "maxLength"},
		{"metrics: {podMonitor: {interval: 1m30}}", "/metrics/podMonitor/interval", "does not match"},
		{"service: {spec: {ports: []}}", "/service/spec", "'not' failed"},
		{"service: {master: {nodePort: 80}}", "/service/master/nodePort", "oneOf"},
		{"metrics: {prometheusRule: {excludeRules: [AkuLagg]}}", "/metrics/prometheusRule/excludeRules/0", "must be one of"},
		{"persistence: {extraClaims: [{name: a, mountPaths: [/a]}]}", "/persistence/extraClaims/0", "'size'"},
		{"persistence: {enabled: 'yes'}", "/persistence/enabled", "want boolean"},
		{"properties: {mem_max: 1}", "/properties", "'mem_max' not allowed"},
		{"properties: {X: {a: b}}", "/properties/X", "got object"},
		{"initdb: {scripts: {tables.txt: x}}", "/initdb/scripts", "'tables.txt' not allowed"},
		{"fullnameOverride: Big_Name", "/fullnameOverride", "does not match"},
		{"altibaseHome: home", "/altibaseHome", "does not match"},
		{"podLabels: {a: 1}", "/podLabels/a", "want string"},
		{"terminationGracePeriodSeconds: 0", "/terminationGracePeriodSeconds", "minimum"},
		{"terminationGracePeriodSeconds: 86406", "/terminationGracePeriodSeconds", "maximum"},
		{"persistence: {size: 10 GB}", "/persistence/size", "does not match"},
		{"persistence: {retention: {whenScaled: Keep}}", "/persistence/retention/whenScaled", "must be one of"},
		{"persistence: {logVolume: {mountPath: /x}}", "/persistence/logVolume", "'mountPath' not allowed"},
		{"service: {master: {type: ExternalName}}", "/service/master/type", "must be one of"},
		{"service: {perPod: {enable: true}}", "/service/perPod", "'enable' not allowed"},
		{"license: {secret: x}", "/license", "'secret' not allowed"},
		{"updateStrategy: {rollingUpdate: {maxUnavailable: 2}}", "/updateStrategy/rollingUpdate", "'maxUnavailable' not allowed"},
		{"updateStrategy: {type: Recreate}", "/updateStrategy/type", "must be one of"},
		{"minReadySeconds: -1", "/minReadySeconds", "minimum"},
		{"podDisruptionBudget: {minAvailable: 1}", "/podDisruptionBudget", "'minAvailable' not allowed"},
		{"podDisruptionBudget: {maxUnavailable: half}", "/podDisruptionBudget/maxUnavailable", "does not match"},
		{"networkPolicy: {from: []}", "/networkPolicy", "'from' not allowed"},
		{"serviceAccount: {role: x}", "/serviceAccount", "'role' not allowed"},
		{"envFrom: [{secret: x}]", "/envFrom/0", "'secret' not allowed"},
		{"extraContainers: [{image: x}]", "/extraContainers/0", "'name'"},
		{"diagnosticMode: true", "/diagnosticMode", "want object"},
		{"diagnosticMode: {command: []}", "/diagnosticMode/command", "minItems"},
		{"probes: {startup: {periodSeconds: 0}}", "/probes/startup/periodSeconds", "minimum"},
	} {
		t.Run(c.values, func(t *testing.T) {
			_, err := tryRender(t, "altibase", least, c.values)
			if err == nil {
				t.Fatal("rendered")
			}
			if !strings.Contains(err.Error(), c.path) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s … %s", err, c.path, c.want)
			}
		})
	}
}

func TestSchema_LetsAParentChartPassItsGlobals(t *testing.T) {
	render(t, least, "global: {imageRegistry: example.org}")
}

var (
	sentence = regexp.MustCompile(`append \$faults (?:\(printf )?"((?:[^"\\]|\\.)*)"`)
	verb     = regexp.MustCompile(`%[a-z]`)
)

// TestRules_EachSentenceIsWantedByATest looks for the longest piece of every sentence that the templates can fail with.
func TestRules_EachSentenceIsWantedByATest(t *testing.T) {
	tests := readFile(t, "rules_test.go") + readFile(t, "upgrade_test.go")
	for _, file := range []string{"_rules.tpl", "_mountrules.tpl", "_imagerules.tpl", "_upgraderules.tpl", "_claimrules.tpl"} {
		template := readFile(t, "altibase/templates/"+file)
		found := sentence.FindAllStringSubmatch(template, -1)
		if all := strings.Count(template, "append $faults"); len(found) != all || all == 0 {
			t.Errorf("%s: %d of %d sentences are found", file, len(found), all)
		}
		for _, match := range found {
			longest := ""
			for _, piece := range verb.Split(match[1], -1) {
				if len(piece) > len(longest) {
					longest = piece
				}
			}
			if !strings.Contains(tests, longest) {
				t.Errorf("%s: no test wants %q", file, match[1])
			}
		}
	}
}
