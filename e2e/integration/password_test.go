//go:build integration

package integration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aku/e2e/altisim/altisimtest"
)

// chosen is a password that needs quotes.
const chosen = `small;{Signs}= é`

// withPassword starts servers whose databases have SYS/MANAGER, and pods that should use another password.
func withPassword(t *testing.T, n int, password, initial string) *cluster {
	t.Helper()
	return startWith(t, n, altisimtest.Options{Env: []string{"ALTISIM_LOG=debug"}}, map[string]string{
		"AKU_SYS_PASSWORD": "", "AKU_SYS_PASSWORD_FILE": passwordFile(t, password), "AKU_SYS_INITIAL_PASSWORD": initial,
	})
}

func passwordFile(t *testing.T, password string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "password")
	writePassword(t, file, password)
	return file
}

func writePassword(t *testing.T, file, password string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(password), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (p *pod) refuses(password string) bool {
	session, err := p.Connect(altisimtest.Dial{Password: password})
	if err == nil {
		session.Close()
		return false
	}
	return strings.Contains(err.Error(), "4102E")
}

// sysdbaRefused counts the SYSDBA logins that the server refused for their password.
func (p *pod) sysdbaRefused() int {
	count := 0
	for line := range strings.Lines(p.Output()) {
		if strings.Contains(line, "login refused") && strings.Contains(line, "sysdba=true") && strings.Contains(line, "4102E") {
			count++
		}
	}
	return count
}

func TestFirstPassword_NewDatabases_GetTheOneOfTheSecret(t *testing.T) {
	t.Parallel()
	c := withPassword(t, 2, chosen, "MANAGER")
	c.createTables()
	c.inService(0, 1)
	for _, p := range c.pods {
		p.Password = chosen // the test itself logs in with it from here on
		if !p.refuses("MANAGER") || !p.isOpen() {
			t.Errorf("pod %d still has its first password", p.number)
		}
		if log := p.said(); strings.Contains(log, chosen) || strings.Contains(log, "MANAGER") {
			t.Errorf("a password is in the log of pod %d:\n%s", p.number, log)
		}
	}
	// What was written reaches the other pod, so the peers use the new password, too.
	c.pods[0].do("INSERT INTO T1 VALUES (1, 1)")
	c.pods[1].eventually("the row", func() bool {
		session := c.pods[1].Open(altisimtest.Dial{})
		defer session.Close()
		return len(session.Rows("SELECT ID FROM T1")) == 1
	})
}

func TestFirstPassword_OfADatabaseThatIsNotNew_IsNotChanged(t *testing.T) {
	t.Parallel()
	c := withPassword(t, 2, "MANAGER", "MANAGER")
	c.createTables()
	c.inService(0, 1)
	c.pods[0].kill()
	// The password changes only in the Secret.
	writePassword(t, c.pods[0].env["AKU_SYS_PASSWORD_FILE"], chosen)
	c.pods[0].run()
	c.pods[0].waitSaid("ERR-4102E")
	c.pods[0].waitSaid("the database is not new: change it there (ALTER USER SYS IDENTIFIED BY …)")
	if c.pods[0].refuses("MANAGER") {
		t.Error("the password was changed")
	}
	// It heals when the Secret has the old password again.
	writePassword(t, c.pods[0].env["AKU_SYS_PASSWORD_FILE"], "MANAGER")
	c.pods[0].waitInService()
}

func TestFirstPassword_ThatIsWrong_IsSentOnceInALifeOfTheServer(t *testing.T) {
	t.Parallel()
	c := withPassword(t, 1, chosen, "WRONG")
	p := c.pods[0]
	p.asSYSDBA(createTable)
	p.run()
	refusals := func() int { return strings.Count(p.Output(), "login refused") }
	p.eventually("some logins", func() bool { return refusals() >= 3 })
	if got := p.sysdbaRefused(); got != 1 {
		t.Errorf("the first password was sent %d times, want once", got)
	}
	p.Kill9()
	p.waitSaid("connection refused")
	p.Restart()
	before := refusals()
	p.eventually("some logins in the next life", func() bool { return refusals() >= before+3 })
	if got := p.sysdbaRefused(); got != 2 {
		t.Errorf("the first password was sent %d times in two lives", got)
	}
	p.asSYSDBA(`ALTER USER SYS IDENTIFIED BY "` + chosen + `"`)
	p.waitInService()
}

func TestFirstPassword_IsNotTriedWhileAPasswordIsChangedByHand(t *testing.T) {
	t.Parallel()
	c := withPassword(t, 1, chosen, "MANAGER")
	c.createTables()
	c.inService(0)
	p := c.pods[0]
	const next = "the next one"
	p.Password = chosen
	session := p.Open(altisimtest.Dial{})
	session.Do(`ALTER USER SYS IDENTIFIED BY "` + next + `"`)
	for _, id := range session.Rows("SELECT ID FROM V$SESSION WHERE ID <> SESSION_ID()") {
		const ended = 0x410EB // aku may have closed it by itself
		if err := session.Try(t.Context(), "ALTER DATABASE mydb SESSION CLOSE "+id); err != nil && altisimtest.Code(err) != ended {
			t.Fatal(err)
		}
	}
	session.Close()
	refused := func() int { return strings.Count(p.Output(), "[ERR-4102E") }
	before := refused()
	p.eventually("logins with the old password", func() bool { return refused() >= before+3 })
	if got := p.sysdbaRefused(); got != 0 {
		t.Errorf("another password was tried %d times", got)
	}
	writePassword(t, p.env["AKU_SYS_PASSWORD_FILE"], next)
	after := refused()
	p.Password = next
	p.eventually("a login with the new password", func() bool {
		session := p.Open(altisimtest.Dial{})
		defer session.Close()
		return len(session.Rows("SELECT ID FROM V$SESSION WHERE ID <> SESSION_ID()")) > 0
	})
	if got := refused(); got > after+2 {
		t.Errorf("the old password was sent %d times more", got-after)
	}
}
