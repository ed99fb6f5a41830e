//go:build integration

package integration

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

// killAfter kills a program after it has reported that many statements as done. ended is true when the
// program ended before that.
func (p *program) killAfter(statements int) (ended bool) {
	p.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(2 * time.Millisecond) {
		select {
		case <-p.done:
			return true
		default:
		}
		if strings.Count(p.said(), "msg=done") >= statements {
			if err := p.cmd.Process.Kill(); errors.Is(err, os.ErrProcessDone) {
				<-p.done
				return true
			} else if err != nil {
				p.t.Fatal(err)
			}
			<-p.done
			return false
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("it hangs:\n%s", p.said())
		}
	}
}

// The real program is killed after its first statement, in the next run after its second one, and so on until
// it finishes.
func TestRecover_RealBinaryKilledAfterAnyStatement_StaysClosedAndGoesOn(t *testing.T) {
	t.Parallel()
	c := start(t, 3, nil)
	c.createTables()
	c.inService(0, 1, 2)
	var writers []*writer
	for _, n := range []int{1, 2} {
		w := c.pods[n].write()
		writers = append(writers, w)
		c.pods[n].eventually("rows are written", func() bool { return w.count() > 50 })
	}
	master := c.pods[0]
	master.loseVolume()
	master.waitSaid("The MASTER server is detected to have failed.")
	kills := 0
	for {
		run := master.launch(t, "exec aku-init recover --from 1 --yes")
		if run.killAfter(kills + 1) {
			// The run before may have been killed between its last statement and the report of it.
			done := strings.Contains(run.said(), "refused: altibase-0 did not lose its state") || strings.Contains(run.said(), "refused: the master altibase-0 is in service")
			if code := run.exit(); code != 0 && !done {
				t.Fatalf("exit code %d:\n%s", code, run.said())
			}
			break
		}
		kills++
		if master.isOpen() {
			if signs := master.SQL("SELECT REPLICATION_NAME FROM SYSTEM_.SYS_REPLICATIONS_ WHERE REPLICATION_NAME = 'AKU_RECOVERY_1'"); len(signs) > 0 {
				t.Fatalf("killed after %d statements, and the master is open:\n%s", kills, run.said())
			}
			break
		}
		if kills > 40 {
			t.Fatal("it never gets through")
		}
	}
	t.Logf("recovered after %d kills", kills)
	if kills < 5 {
		t.Errorf("%d kills are too few to show anything", kills)
	}
	c.allInService()
	for _, w := range writers {
		w.halt()
	}
	c.mustBeEqual(0, 1, 2)
	c.mustHold([]int{0, 1, 2}, writers...)
}
