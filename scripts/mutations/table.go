package main

const (
	connectGo  = "internal/altibase/connect.go"
	sessionGo  = "internal/altibase/session.go"
	serverGo   = "internal/altibase/server.go"
	lendGo     = "internal/altibase/lend.go"
	identityGo = "internal/altibase/identity.go"
	copyGo     = "internal/altibase/copy.go"
	announceGo = "internal/sidecar/announce.go"
	saidGo     = "internal/sidecar/said.go"
	rundirGo   = "internal/rundir/rundir.go"
	sharedGo   = "internal/rundir/shared.go"
	outputGo   = "internal/hook/output.go"
	limitGo    = "internal/hook/limit.go"
	settingsGo = "internal/settings/settings.go"
	checkGo    = "internal/settings/check.go"
	judgeGo    = "internal/upgrade/judge.go"

	withServers = "e2e/integration"
)

var mutations = []mutation{
	// A limit × 1,000.
	{what: "a login may take an hour", file: connectGo, from: "LoginTimeout  = 4 *", to: "LoginTimeout  = 4000 *", tests: "TestLogin_"},
	{what: "a cancelled call is waited for", file: sessionGo, from: "cancelGrace = 2 *", to: "cancelGrace = 2000 *", tests: "TooLate"},
	{what: "a server that hangs is asked for ever", file: sessionGo, from: "mostAbandoned = 3", to: "mostAbandoned = 3000", tests: "TestServer_InWhichSeveralCallsHang"},
	{what: "a statement has no limit", file: serverGo, from: "changeTimeout = 90 *", to: "changeTimeout = 90000 *", tests: "TestOneStatementThatHangs"},
	{what: "the SYSDBA session is waited for", file: serverGo, from: "dbaPatience = 8 *", to: "dbaPatience = 8000 *", tests: "TestSYSDBA_"},
	{what: "the SYSDBA session is kept", file: serverGo, from: "dbaIdle = 300 *", to: "dbaIdle = 300000 *", tests: "TestSYSDBA_"},
	{what: "the end of a session is waited for", file: serverGo, from: "closeTimeout = time.Second", to: "closeTimeout = 1000 * time.Second", tests: "TestDisconnect"},
	{what: "one user that hangs keeps the others in", file: serverGo, from: "sessionCloseTimeout = 2 *", to: "sessionCloseTimeout = 2000 *", tests: "TestCloseUserSessions"},
	{what: "a copy may stand still", file: copyGo, from: "copyStill = 30 *", to: "copyStill = 30000 *", tests: "TestCopy_"},
	{what: "a SYSDBA session may be taken for a day", file: announceGo, from: "busyAllowed = time.Minute", to: "busyAllowed = 1000 * time.Minute", tests: "TestSYSDBATaken"},
	{what: "a trouble is announced once a month", file: announceGo, from: "announceAgain = 30 *", to: "announceAgain = 30000 *", tests: "TestTroubleThatLasts"},
	{what: "one try to announce", file: announceGo, from: "announceTries = 6", to: "announceTries = 1", tests: "TestTrouble_"},
	{what: "a trouble is logged once", file: saidGo, from: "sayAgain = 30 *", to: "sayAgain = 30000 *", tests: "TestTroubleThatLasts"},
	{what: "a wedged sidecar is alive", file: "internal/sidecar/alive.go", from: "2*altibase.LongestCall", to: "2000*altibase.LongestCall", tests: "TestAliveFor"},
	{what: "asking for the grace period takes the end", file: limitGo, from: "askLimit = time.Second", to: "askLimit = 1000 * time.Second", tests: "TestLimit_"},
	{what: "no reserve", file: limitGo, from: "reserve = 5 *", to: "reserve = 0 *", tests: "TestLimit_"},
	{what: "an end without time has none", file: limitGo, from: "leastLimit = time.Second", to: "leastLimit = 0", tests: "TestLimit_"},
	{what: "the output of the container is waited for", file: outputGo, from: "writeLimit = 50 *", to: "writeLimit = 50000 *", tests: "TestOutputThatNobodyReads"},
	{what: "a call of the API has no limit", file: "internal/kube/api.go", from: "callTimeout = 3 *", to: "callTimeout = 3000 *", tests: "HangingServer"},
	{what: "spans without end", file: "internal/steps/covered.go", from: "mostSpans = 256", to: "mostSpans = 256000", tests: "TestRecorder_IsBounded"},
	{what: "an end request is seen late", file: "internal/rundir/await.go", from: "syscall.IN_CREATE|syscall.IN_MOVED_TO|syscall.IN_CLOSE_WRITE", to: "syscall.IN_MOVE_SELF", tests: "TestAwaitEnd"},
	{what: "seconds are a thousand", file: settingsGo, from: "return time.Duration(n) * time.Second", to: "return time.Duration(n) * 1000 * time.Second", tests: "."},
	{what: "hosts of any length", file: checkGo, from: "maxHostBytes = 62", to: "maxHostBytes = 62000", tests: "."},

	// A close left out.
	{what: "a late login stays", file: connectGo, from: "}, opened.end)", to: "}, func() {})", tests: "TestLogin_"},
	{what: "a late statement keeps its session", file: sessionGo, from: "}, c.end)", to: "}, func() {})", tests: "TestStatement_ThatComes"},
	{what: "a lock is not given back", file: rundirGo, from: "return func() { file.Close() }, nil", to: "return func() {}, nil", tests: "TestContainersOfDifferentUsers"},
	{what: "a property is not put back", file: lendGo, from: "			if !c.broken {\n				return c.putBack(ctx, made)", to: "			if !c.broken {\n				return nil", tests: "TestTruncate_PutsBack", in: withServers},
	{what: "a property of who was killed is not put back", file: lendGo, from: "			if l.lasts {\n				continue", to: "			if l.lasts || !l.lasts {\n				continue", tests: "TestLend_OfWhoWasKilled", in: withServers},
	{what: "a property goes back to 0 whatever it was", file: lendGo, from: "	made.found = now[0].int(0)", to: "	made.found = 0", tests: "TestTruncate_PutsBack", in: withServers},
	{what: "verify drops a row that is proven to differ", file: "internal/verify/judge.go", from: "				proven = append(proven, one)\n", to: "", tests: "TestVerify", in: withServers},

	// An error dropped.
	{what: "a stranger of another mesh is let in", file: identityGo, from: "own.mesh == shown.mesh:", to: "own.mesh != \"\":", tests: "TestStranger_OfAnotherMesh", in: withServers},
	{what: "a stranger of the same mesh is let in", file: identityGo, from: "	case shown.pod != asked:\n		return stranger(", to: "	case shown.pod != asked:\n		_ = stranger(", tests: "TestStranger_AnotherPod", in: withServers},
	{what: "a stranger is not told from others", file: "internal/lifecycle/reason.go", from: "{ErrStranger, ReasonStranger}, ", to: "", tests: "TestReason"},
	{what: "a broken recovery order is not said", file: settingsGo, from: "	order, err := s.recoveryOrder()\n", to: "	order, err := s.recoveryOrder()\n	err = nil\n", tests: "."},
	{what: "a right that is missing is asked for again", file: "internal/kube/api.go", from: "errForbidden, r.right)", to: "errNotFound, r.right)", tests: "MissingRight"},
	{what: "a password file may be empty", file: settingsGo, from: "	if password == \"\" {", to: "	if false {", tests: "TestPassword"},
	{what: "blocks behind a gap are forgotten", file: checkGo, from: "return append(faults, s.forgottenBlocks()...)", to: "return faults", tests: "."},
	{what: "a block may exchange all its tables", file: judgeGo, from: "	refusals = append(refusals, exchanged(m, f)...)\n", to: "", tests: "."},
	{what: "a log is kept for nobody", file: judgeGo, from: "	refusals = append(refusals, keptForNobody(m, f)...)\n", to: "", tests: "."},
	{what: "a table may be missing", file: judgeGo, from: "	refusals = append(refusals, tables(m, f)...)\n", to: "", tests: "."},
	{what: "the driver does not know the limit of a login", file: settingsGo, from: ";LOGIN_TIMEOUT=4", to: "", tests: "TestDriver_"},

	// A lock held, a beat left out.
	{what: "all servers are locked while a session ends", file: serverGo, from: "	servers := slices.Collect(maps.Values(c.servers))\n	c.mu.Unlock()", to: "	servers := slices.Collect(maps.Values(c.servers))\n	defer c.mu.Unlock()", tests: "TestDisconnectThatHangs_HoldsUp"},
	{what: "many statements do not beat", file: sessionGo, from: "		pulse.Beat(ctx) // many", to: "		_ = pulse.Beat // many", tests: "TestManyTables"},
	{what: "the request comes before the lock's file", file: rundirGo, from: "	file, err := open(d.lock())\n	if err != nil {\n		return nil, err\n	}\n	if err := d.RequestEnd()", to: "	_ = d.RequestEnd()\n	file, err := open(d.lock())\n	if err != nil {\n		return nil, err\n	}\n	if err := d.RequestEnd()", tests: "TestTakeOver"},
	{what: "files are for one user", file: sharedGo, from: "	if err == nil {\n		_ = file.Chmod(everybody)", to: "	if false {\n		_ = file.Chmod(everybody)", tests: "TestContainersOfDifferentUsers"},
	{what: "what was there before cannot be touched", file: sharedGo, from: "	if errors.Is(err, fs.ErrExist) {", to: "	if false && errors.Is(err, fs.ErrExist) {", tests: "TestContainersOfDifferentUsers"},

	// A log lost.
	{what: "troubles are not logged", file: saidGo, from: "		s.Log.Warn(about, \"reason\", err)", to: "		_ = err", tests: "TestTrouble|TestRecoveryOrder|TestReplicas"},
	{what: "what is still to do is not logged", file: "internal/hook/still.go", from: "	s.log.Info(\"still to do, should this be the last line\", \"left_undone\", left)\n", to: "", tests: "TestStill"},
	{what: "one output that fails keeps the line from the others", file: outputGo, from: "		_, _ = to.Write(line)", to: "		if n, err := to.Write(line); err != nil {\n			return n, err\n		}", tests: "TestOutputThatNobodyReads"},
	{what: "a cut copy does not say what to raise", file: copyGo, from: "	if !cut || times < 2 {", to: "	if !cut || times < 2000 {", tests: "TestCopy_"},
	{what: "Events only of the first minute", file: announceGo, from: "	case state == metrics.InService && len(a.said) > 0:", to: "	case false:", tests: "TestTrouble_"},
}
