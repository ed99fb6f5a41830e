package settings

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// TestManual_NamesEveryVariableAndItsDefault holds the package comments of the two
// programs, which are the manual, against what is read.
func TestManual_NamesEveryVariableAndItsDefault(t *testing.T) {
	var manual strings.Builder
	for _, program := range []string{"aku-init", "aku-prestop"} {
		text, err := os.ReadFile("../../cmd/" + program + "/main.go")
		if err != nil {
			t.Fatal(err)
		}
		manual.Write(text)
	}
	number := regexp.MustCompile(`^\d+$`)
	for _, of := range []reflect.Type{reflect.TypeFor[Settings](), reflect.TypeFor[Replication]()} {
		for i := range of.NumField() {
			name, preset := of.Field(i).Tag.Get("env"), of.Field(i).Tag.Get("envDefault")
			name, _, _ = strings.Cut(name, ",")
			if name == "" {
				continue
			}
			if of == reflect.TypeFor[Replication]() {
				name = "AKU_REPLICATIONS_0_" + name
			}
			line := `(?m)^//\s.*\b` + name + `\b`
			if number.MatchString(preset) {
				line = `(?m)^//\s+` + name + `\s+` + preset + `\s`
			}
			if !regexp.MustCompile(line).MatchString(manual.String()) {
				t.Errorf("the manual has no line for %s, default %q", name, preset)
			}
		}
	}
}

func TestRead_TakesNumbersUpToTheirLimits(t *testing.T) {
	for name, limits := range map[string][2]int64{
		"AKU_SERVER_COUNT":                       {1, 6},
		"AKU_PORT_NO":                            {1024, 65535},
		"AKU_REPLICATION_PORT_NO":                {1024, 65535},
		"AKU_HEALTH_PORT":                        {1024, 65535},
		"AKU_QUERY_TIMEOUT":                      {0, 4294967295},
		"AKU_QUERY_RETRY_COUNT":                  {0, 1_000_000},
		"AKU_QUERY_RETRY_DELAY_MSEC":             {0, 3_600_000},
		"AKU_ADDRESS_CHECK_COUNT":                {1, 1_000_000},
		"AKU_REPLICATION_LOCK_TIMEOUT":           {6, 3600},
		"AKU_LOCK_WAIT":                          {1, 600},
		"AKU_BEAT_INTERVAL":                      {1, 60},
		"AKU_FLUSH_AT_START":                     {0, 1},
		"AKU_POD_EVENTS":                         {0, 1},
		"AKU_FLUSH_TIMEOUT_AT_START":             {0, 4294967295},
		"AKU_DELAY_START_COMPLETE_TIME":          {0, 4294967295},
		"AKU_FLUSH_AT_END":                       {0, 1},
		"AKU_END_TIMEOUT":                        {10, 86400},
		"AKU_DRAIN_TIME":                         {0, 86400},
		"AKU_SHUTDOWN_AT_END":                    {0, 1},
		"AKU_REPLICATIONS_0_SYNC_PARALLEL_COUNT": {1, 100},
	} {
		for value, right := range map[int64]bool{limits[0] - 1: false, limits[0]: true, limits[1]: true, limits[1] + 1: false} {
			env := good()
			env["AKU_POD_NAME"], env["AKU_LOCK_WAIT"] = "altibase-0", "1"
			env[name] = fmt.Sprint(value)
			s, err := From(env)
			if got, single := field(s, name); right && single && got != value {
				t.Errorf("%s=%d is read as %d", name, value, got)
			}
			if want := fmt.Sprintf("%s is %d, it must be %d to %d", name, value, limits[0], limits[1]); right != (err == nil) || !right && err.Error() != want {
				t.Errorf("%s=%d: %v", name, value, err)
			}
		}
	}
}

// field is what was read for a variable that is not of a block.
func field(s Settings, name string) (value int64, ok bool) {
	of := reflect.TypeFor[Settings]()
	for i := range of.NumField() {
		if of.Field(i).Tag.Get("env") == name {
			return reflect.ValueOf(s).Field(i).Int(), true
		}
	}
	return 0, false
}

func TestRead_PodNameIsThatOfTheHost(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	env := good()
	delete(env, "AKU_POD_NAME")
	if s, _ := From(env); s.PodName != host {
		t.Errorf("pod name %q, want the host name %q", s.PodName, host)
	}
}

func TestRead_TakesNamesUpToTheirLimits(t *testing.T) {
	// 62 bytes: <sts>-N.<svc>
	for suffix, right := range map[string]bool{"": true, "x": false} {
		env := good()
		env["AKU_STS_NAME"], env["AKU_SVC_NAME"], env["AKU_POD_NAME"] = strings.Repeat("s", 29), strings.Repeat("v", 30), strings.Repeat("s", 29)+"-1"
		env["AKU_HOST_SUFFIX"] = suffix
		if s, err := From(env); (err == nil) != right {
			t.Errorf("%d bytes: %v", len(s.Mesh().Host(0)), err)
		}
	}
	for length, right := range map[int]bool{37: true, 38: false} {
		env := good()
		env["AKU_REPLICATIONS_0_REPLICATION_NAME_PREFIX"] = strings.Repeat("P", length)
		if _, err := From(env); (err == nil) != right {
			t.Errorf("a prefix of %d bytes: %v", length, err)
		}
	}
	for length, right := range map[int]bool{128: true, 129: false} {
		env := good()
		env["AKU_REPLICATIONS_0_TABLES"] = `"` + strings.Repeat("u", length) + `"."` + strings.Repeat("t", length) + `" PARTITION ` + strings.Repeat("P", length)
		if _, err := From(env); (err == nil) != right {
			t.Errorf("names of %d bytes: %v", length, err)
		}
	}
}
