package charts

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"aku/internal/settings"
)

// acceptedBy reads the rendered variables of a container as aku in pod 1 would.
func acceptedBy(t *testing.T, variables map[string]string) settings.Settings {
	t.Helper()
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AKU_") {
			t.Setenv(name, "") // put back after the test
			_ = os.Unsetenv(name)
		}
	}
	for name, value := range variables {
		if value == "<metadata.name>" {
			value = variables["AKU_STS_NAME"] + "-1"
		}
		t.Setenv(name, value)
	}
	read, err := settings.Read()
	if err != nil {
		t.Errorf("aku refuses what the chart renders: %v", err)
	}
	return read
}

func TestAkuVariables_AreUnderstoodByAku(t *testing.T) {
	for name, values := range map[string]string{
		"defaults": least,
		"stand-in": readFile(t, "altibase/ci/altisim-values.yaml"),
		"limits": `
auth: {sysPassword: secret}
aku: {image: {registry: example.org}, serverCount: 6, replications: [{namePrefix: A234567890123456789012345678901234567, tables: [SYS.T1]}]}
replicaCount: 6
fullnameOverride: a-rather-long-name-for-a-db
terminationGracePeriodSeconds: 86405
`,
		"least time": `
auth: {sysPassword: secret}
aku: {image: {registry: example.org}, serverCount: 2, drainTime: 0, shutdownAtEnd: 0, replications: [{namePrefix: AKU_REP, tables: [SYS.T1]}]}
terminationGracePeriodSeconds: 16
`,
		"tables": `
auth: {sysPassword: secret}
aku: {image: {registry: example.org}, replications: [
  {namePrefix: A, syncParallelCount: 100, tables: [SYS.T1, 'U$1.T#1', '"a b"."c.d"', SYS.T2 PARTITION P1]},
  {namePrefix: B, tables: ['SYS."A,B"', SYS.주문, '"sys"."t1"']}]}
`,
	} {
		t.Run(name, func(t *testing.T) {
			r := render(t, values)
			read := acceptedBy(t, environment(t, r.container(t, "altibase")))
			if grace := *r.pod().TerminationGracePeriodSeconds; int64(read.EndTimeout) != grace-5 {
				t.Errorf("aku ends within %d s, the pod within %d s", read.EndTimeout, grace)
			}
			if name == "tables" && len(read.Mesh().Tables()) != 7 {
				t.Errorf("aku reads the tables %v", read.Mesh().Tables())
			}
		})
	}
}

var block = regexp.MustCompile(`^AKU_REPLICATIONS_0_`)

func TestAkuVariables_AreThoseThatAkuReads(t *testing.T) {
	var known []string
	for _, structure := range []reflect.Type{reflect.TypeFor[settings.Settings](), reflect.TypeFor[settings.Replication]()} {
		for i := range structure.NumField() {
			// The name may be followed by options.
			if name, _, _ := strings.Cut(structure.Field(i).Tag.Get("env"), ","); name != "" {
				known = append(known, name)
			}
		}
	}
	rendered := environment(t, render(t, least, "aku: {hostSuffix: .db}").container(t, "aku"))
	for name := range byPrefix(rendered, "AKU_") {
		if !slices.Contains(known, block.ReplaceAllString(name, "")) {
			t.Errorf("aku does not know %s", name)
		}
	}
	for _, name := range known {
		_, plain := rendered[name]
		_, inBlock := rendered["AKU_REPLICATIONS_0_"+name]
		// The chart hands the password over as a file only.
		if !plain && !inBlock && name != "AKU_SYS_PASSWORD" {
			t.Errorf("the chart does not render %s", name)
		}
	}
}
