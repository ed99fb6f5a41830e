//go:build integration

package integration

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"aku/e2e/altisim/altisimtest"
)

// identity is the identity in a pod's database: mesh and pod number.
func (p *pod) identity() (mesh string, number string) {
	p.t.Helper()
	session := p.Open(altisimtest.Dial{})
	defer session.Close()
	rows, err := session.TryRows("SELECT MESH, POD FROM AKU_IDENTITY_")
	if err != nil || len(rows) != 1 {
		return "", ""
	}
	mesh, number, _ = strings.Cut(rows[0], "|")
	return mesh, number
}

// isOf waits until the pod's database names this mesh.
func (p *pod) isOf(mesh string) {
	p.t.Helper()
	p.eventually("is of mesh "+mesh, func() bool {
		got, number := p.identity()
		return got == mesh && number == fmt.Sprint(p.number)
	})
}

// led makes a pod reach another server under the name of a peer, until back is called. All servers of a mesh
// have the same ports, those of two meshes do not.
func (p *pod) led(peer int, to *altisimtest.Server) (back func()) {
	p.t.Helper()
	const between = "127.254.19.1"
	if newRelay(p.t, fmt.Sprint(between, ":", p.Port), to.Addr()) == nil {
		p.t.Fatal("somebody listens there already")
	}
	right := p.all
	p.all = slices.Clone(p.all)
	p.all[peer] = &altisimtest.Server{Host: between}
	return func() { p.all = right }
}

// holds is everything that the server stores about replication.
func (p *pod) holds() string {
	p.t.Helper()
	session := p.Open(altisimtest.Dial{})
	defer session.Close()
	return strings.Join(session.Rows("SELECT REPLICATION_NAME, IS_STARTED, ITEM_COUNT FROM SYSTEM_.SYS_REPLICATIONS_ ORDER BY 1"), "; ")
}

func TestIdentity_MadeByTheMaster_TakenOverByWhoJoins(t *testing.T) {
	t.Parallel()
	c := start(t, 3, nil)
	c.createTables()
	c.inService(0, 1, 2)
	mesh, _ := c.pods[0].identity()
	if mesh == "" {
		t.Fatal("the master has made none")
	}
	for _, p := range c.pods {
		p.isOf(mesh)
	}
}

func TestIdentity_DatabasesOfAnOlderAku_AreAcceptedAndGetOne(t *testing.T) {
	t.Parallel()
	c := start(t, 3, nil)
	c.createTables()
	c.inService(0, 1, 2)
	// As in an upgrade: the highest pod first, the master last.
	for _, p := range c.pods {
		p.kill()
		p.do("DROP TABLE AKU_IDENTITY_", "ALTER SYSTEM SET ADMIN_MODE = 1")
		if err := p.dir.Renew(); err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range []int{0, 2, 1} {
		c.pods[n].run()
	}
	c.allInService()
	mesh, _ := c.pods[0].identity()
	for _, p := range c.pods {
		p.isOf(mesh)
	}
}

func TestStranger_OfAnotherMesh_IsRefusedAndNotTouched(t *testing.T) {
	t.Parallel()
	ours, theirs := start(t, 2, nil), start(t, 2, nil)
	for _, c := range []*cluster{ours, theirs} {
		c.createTables()
		c.inService(0, 1)
	}
	slave, master := ours.pods[1], theirs.pods[0]
	slave.kill()
	slave.do("ALTER SYSTEM SET ADMIN_MODE = 1")
	before := master.holds()
	back := slave.led(0, master.Server)
	slave.run()
	slave.waitSaid("what answers for pod 0 belongs to another mesh")
	slave.waitSaid("nothing was changed there")
	if slave.dir.Marked() {
		t.Error("it came into service beside a stranger")
	}
	if after := master.holds(); after != before {
		t.Errorf("the stranger has %s, had %s", after, before)
	}
	slave.kill()
	back()
	slave.run()
	slave.waitInService()
}

func TestStranger_AnotherPodOfTheSameMesh_IsRefused(t *testing.T) {
	t.Parallel()
	c := start(t, 3, nil)
	c.createTables()
	c.inService(0, 1, 2)
	slave := c.pods[2]
	slave.kill()
	slave.do("ALTER SYSTEM SET ADMIN_MODE = 1")
	slave.led(0, c.pods[1].Server)
	before := c.pods[1].holds()
	slave.run()
	slave.waitSaid("what answers for pod 0 is the server of pod 1")
	if after := c.pods[1].holds(); after != before {
		t.Errorf("the wrong pod has %s, had %s", after, before)
	}
	if slave.dir.Marked() {
		t.Error("it came into service without its master")
	}
}

func TestVolumeOfAnotherPod_IsRefusedUnlessItLeftItsMeshInGoodOrder(t *testing.T) {
	t.Parallel()
	c := start(t, 2, nil)
	c.createTables()
	c.inService(0, 1)
	slave := c.pods[1]
	slave.kill()
	slave.do("UPDATE AKU_IDENTITY_ SET POD = 3", "ALTER SYSTEM SET ADMIN_MODE = 1")
	slave.run()
	slave.waitSaid("this database is that of pod 3")
	if slave.dir.Marked() {
		t.Error("it came into service with the volume of another pod")
	}
	slave.kill()
	for _, p := range c.pods {
		p.asSYSDBA("ALTER REPLICATION AKU_REP_01 STOP", "ALTER REPLICATION AKU_REP_01 RESET")
	}
	slave.run()
	slave.waitInService()
	mesh, _ := c.pods[0].identity()
	slave.isOf(mesh)
}

func TestIdentity_OfALostMaster_IsThatOfTheSlavesThatHaveJoined(t *testing.T) {
	t.Parallel()
	c := start(t, 2, nil)
	c.createTables()
	c.inService(0, 1)
	mesh, _ := c.pods[1].identity()
	master := c.pods[0]
	master.kill()
	// As good as a new volume: no identity, no replication.
	master.dropsReplication("AKU_REP_01", "UPDATE AKU_IDENTITY_ SET MESH = 'MADE WHILE NOBODY ANSWERED'", "ALTER SYSTEM SET ADMIN_MODE = 1")
	if err := master.dir.Renew(); err != nil {
		t.Fatal(err)
	}
	master.run()
	master.waitSaid("The MASTER server is detected to have failed.")
	master.kill()
	master.asSYSDBA("ALTER SYSTEM SET ADMIN_MODE = 0")
	master.isOf(mesh)
}
