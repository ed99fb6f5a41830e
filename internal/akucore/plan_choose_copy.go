package akucore

import "fmt"

// planMasterSetBack leaves the choice to a person. The master went into service with a
// database that is older than this slave knows, while no slave was there to show it. This copy
// has what the master lost, and the master has what was written since.
func planMasterSetBack(v View) Plan {
	return chooseCopy(v, v.PodName(Master)+" was set back", fmt.Sprintf(
		"The database of %s is older than %s knows: it was set back to an earlier moment, or commits were lost with the node.",
		v.PodName(Master), v.PodName(v.Self)))
}

// planMasterAnew leaves the choice to a person. The master in service is not the one that
// this copy came from. It began empty, or with a copy of another slave, and users write on it.
func planMasterAnew(v View) Plan {
	return chooseCopy(v, v.PodName(Master)+" began anew", fmt.Sprintf(
		"The database of %s began anew: it is not the one that %s has its copy from, and has no side of their pair.", v.PodName(Master), v.PodName(v.Self)))
}

// chooseCopy shuts users out until a person has chosen the right copy.
func chooseCopy(v View, brief, why string) Plan {
	own, master := v.PodName(v.Self), v.PodName(Master)
	if v.Pods[v.Self].Open() {
		return planClose(v, brief)
	}
	return Plan{
		Name: "start of a slave", Human: MasterFailed,
		Advice: why + fmt.Sprintf(`
%[1]s keeps what it has and stays closed. Either %[2]s gets the copy of %[1]s, and what was written on %[2]s since is lost:
ALTER SYSTEM SET ADMIN_MODE = 0 on %[1]s, delete the pod %[2]s, and recover it as it then says.
Or %[1]s gets the copy of %[2]s, and what only %[1]s still has is lost:`, own, master),
		Recovery: stopAnd(v, Reset, v.Self, Master),
	}
}
