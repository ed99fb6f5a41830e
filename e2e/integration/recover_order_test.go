//go:build integration

package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"aku/internal/akucore"
)

// order writes the order to recover the master, as the chart's ConfigMap does.
func (p *pod) order(source int, generation string) {
	p.t.Helper()
	text := fmt.Sprintf(`{"from":%d,"generation":"%s"}`, source, generation)
	// The kubelet also replaces the text in one step.
	file := p.env["AKU_RECOVER_FILE"]
	if err := os.WriteFile(file+".new", []byte(text), 0o644); err != nil {
		p.t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		p.t.Fatal(err)
	}
}

// generation waits until the master logs the order for a recovery from a slave, after the first part of its
// log.
func (p *pod) generation(source, before int) string {
	p.t.Helper()
	said := regexp.MustCompile(fmt.Sprintf(`aku\.recover\.from=%d,aku\.recover\.generation=(\d+-\d+)`, source))
	var found []string
	p.eventually("it says how to order a recovery", func() bool {
		found = said.FindStringSubmatch(p.said()[before:])
		return found != nil
	})
	return found[1]
}

func withOrders(t *testing.T) map[string]string {
	return map[string]string{"AKU_RECOVER_FILE": filepath.Join(t.TempDir(), "order.json")}
}

func TestRecoveryOrder_RecoversOnce_AndNotAnotherLoss(t *testing.T) {
	t.Parallel()
	c := start(t, 3, withOrders(t))
	c.createTables()
	c.inService(0, 1, 2)
	w := c.pods[1].write()
	c.pods[1].eventually("rows are written", func() bool { return w.count() > 100 })
	c.pods[2].do("INSERT INTO T1 VALUES (1, 1)")
	master := c.pods[0]

	master.loseVolume()
	first := master.generation(1, 0)
	master.order(2, "2-1") // an order with a typing error
	master.waitSaid("the generation 2-1 is of another loss")
	if master.isOpen() {
		t.Fatal("an order that is not of this loss was followed")
	}
	master.order(1, first)
	c.allInService()

	// Neither a restart of the sidecar nor one of the server repeats it.
	before := len(master.said())
	master.kill()
	master.run()
	master.eventually("in service again", func() bool {
		return strings.Contains(master.said()[before:], "AKU run successfully.") && master.isOpen()
	})
	if again := master.said()[before:]; strings.Contains(again, string(akucore.BeginRecovery)) || strings.Contains(again, "TRUNCATE") {
		t.Errorf("it was recovered again:\n%s", again)
	}

	// The order does not apply to a second loss.
	before = len(master.said())
	master.loseVolume()
	second := master.generation(1, before)
	if second == first {
		t.Fatalf("both losses have the generation %s", first)
	}
	refusal := fmt.Sprintf("The ordered recovery from altibase-1 (aku.recover) is not done: the generation %s is of another loss, this one is %s.", first, second)
	master.eventually(refusal, func() bool { return strings.Contains(master.said()[before:], refusal) })
	if master.isOpen() {
		t.Fatal("the old order was followed again")
	}
	master.order(1, second)
	c.allInService()
	w.halt()
	c.mustBeEqual(0, 1, 2)
	c.mustHold([]int{0, 1, 2}, w)
	if got := c.pods[0].rows()[1]; got != 1 {
		t.Error("the row of the other slave is lost")
	}
}

func TestRecoveryOrder_SidecarKilledAfterAnyStatement_GoesOnByItself(t *testing.T) {
	t.Parallel()
	c := start(t, 3, withOrders(t))
	c.createTables()
	c.inService(0, 1, 2)
	w := c.pods[1].write()
	c.pods[1].eventually("rows are written", func() bool { return w.count() > 50 })
	master := c.pods[0]
	master.loseVolume()
	master.order(1, master.generation(1, 0))
	kills := 0
	for statements := 1; !master.dir.Marked(); statements++ {
		before := strings.Count(master.said(), "msg=done")
		master.eventually(fmt.Sprintf("%d statements", statements), func() bool {
			return master.dir.Marked() || strings.Count(master.said(), "msg=done") >= before+statements
		})
		master.kill()
		kills++
		master.run()
	}
	t.Logf("in service after %d kills", kills)
	if kills < 5 {
		t.Errorf("%d kills are too few to show anything", kills)
	}
	c.allInService()
	w.halt()
	c.mustBeEqual(0, 1, 2)
	c.mustHold([]int{0, 1, 2}, w)
}
