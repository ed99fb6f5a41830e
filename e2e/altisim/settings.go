package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"

	"aku/e2e/altisim/engine"
)

type settings struct {
	dataDir, listen        string
	password, passwordFile string
	timeScale              float64
	hosts                  map[string]string
	hostsFile              string
	properties             map[string]string
	logLevel               slog.Level
	movesPin               bool
}

// readSettings reads the environment and reports all its faults at once.
func readSettings(environ []string) (settings, error) {
	env := map[string]string{}
	s := settings{hosts: map[string]string{}, properties: map[string]string{}}
	for _, kv := range environ {
		k, v, _ := strings.Cut(kv, "=")
		env[k] = v
		if name, ok := strings.CutPrefix(k, "ALTIBASE_"); ok && engine.KnownProperty(name) {
			s.properties[name] = v
		}
	}
	s.dataDir, s.listen, s.hostsFile = env["ALTISIM_DATA_DIR"], env["ALTISIM_LISTEN"], env["ALTISIM_HOSTS_FILE"]
	s.password, s.passwordFile = env["ALTISIM_SYS_PASSWORD"], env["ALTISIM_SYS_PASSWORD_FILE"]
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if s.dataDir == "" {
		fault("ALTISIM_DATA_DIR must name a directory")
	}
	if v := env["ALTISIM_TIME_SCALE"]; v != "" {
		var err error
		if s.timeScale, err = strconv.ParseFloat(v, 64); err != nil || s.timeScale <= 0 {
			fault("ALTISIM_TIME_SCALE must be a number above 0, not %q", v)
		}
	}
	for _, pair := range strings.FieldsFunc(env["ALTISIM_HOSTS"], func(r rune) bool { return r == ',' }) {
		name, addr, ok := strings.Cut(pair, "=")
		if !ok {
			fault("ALTISIM_HOSTS must be name=address,…, not %q", pair)
		}
		s.hosts[strings.TrimSpace(name)] = strings.TrimSpace(addr)
	}
	switch v := env["ALTISIM_MOVES_PIN"]; v {
	case "", "0":
	case "1":
		s.movesPin = true
	default:
		fault("ALTISIM_MOVES_PIN must be 0 or 1, not %q", v)
	}
	for name, v := range s.properties {
		if n, err := strconv.ParseInt(v, 10, 64); err != nil || n < 0 || strings.HasSuffix(name, "PORT_NO") && n > 65535 {
			fault("ALTIBASE_%s must be a number in its range, not %q", name, v)
		}
	}
	if v := env["ALTISIM_LOG"]; v != "" {
		if err := s.logLevel.UnmarshalText([]byte(v)); err != nil {
			fault("ALTISIM_LOG must be debug, info, warn or error, not %q", v)
		}
	}
	return s, errors.Join(faults...)
}

func (s settings) sysPassword() (string, error) {
	if s.passwordFile != "" {
		b, err := os.ReadFile(s.passwordFile)
		return strings.TrimRight(string(b), "\r\n"), err
	}
	if s.password != "" {
		return s.password, nil
	}
	return "MANAGER", nil
}
