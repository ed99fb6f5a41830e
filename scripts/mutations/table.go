package main

const (
	connectGo  = "internal/altibase/connect.go"
	sessionGo  = "internal/altibase/session.go"
	serverGo   = "internal/altibase/server.go"
	lendGo     = "internal/altibase/lend.go"
	identityGo = "internal/altibase/identity.go"
	copyGo     = "internal/altibase/copy.go"
	announceGo = "internal/sidecar/announce.go"
	warnGo     = "internal/sidecar/warn.go"
	rundirGo   = "internal/rundir/rundir.go"
	sharedGo   = "internal/rundir/shared.go"
	outputGo   = "internal/hook/output.go"
	limitGo    = "internal/hook/limit.go"
	settingsGo = "internal/settings/settings.go"
	checkGo    = "internal/settings/check.go"
	judgeGo    = "internal/upgrade/judge.go"
	hookGo     = "internal/hook/hook.go"
	errorsGo   = "internal/altibase/errors.go"
	splitGo    = "internal/sqlscript/split.go"
	lifecycle  = "internal/lifecycle"
	viewGo     = "internal/akucore/view.go"
	askGo      = "internal/lifecycle/ask.go"
	crossingGo = "internal/lifecycle/crossing.go"
	lockGo     = "internal/lifecycle/lock.go"

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
	{what: "a trouble is logged once", file: warnGo, from: "warnAgain = 30 *", to: "warnAgain = 30000 *", tests: "TestTroubleThatLasts"},
	{what: "a wedged sidecar is alive", file: "internal/sidecar/alive.go", from: "2*altibase.LongestCall", to: "2000*altibase.LongestCall", tests: "TestAliveFor"},
	{what: "asking for the grace period takes the end", file: limitGo, from: "askLimit = time.Second", to: "askLimit = 1000 * time.Second", tests: "TestLimit_"},
	{what: "no reserve", file: limitGo, from: "reserve = 5 *", to: "reserve = 0 *", tests: "TestLimit_"},
	{what: "an end without time has none", file: limitGo, from: "leastLimit = time.Second", to: "leastLimit = 0", tests: "TestLimit_"},
	{what: "the output of the container is waited for", file: outputGo, from: "writeLimit = 50 *", to: "writeLimit = 50000 *", tests: "TestOutputThatNobodyReads"},
	{what: "a call of the API has no limit", file: "internal/kube/api.go", from: "callTimeout = 3 *", to: "callTimeout = 3000 *", tests: "HangingServer"},
	{what: "an end request is seen late", file: "internal/rundir/await.go", from: "syscall.IN_CREATE|syscall.IN_MOVED_TO|syscall.IN_CLOSE_WRITE", to: "syscall.IN_MOVE_SELF", tests: "TestAwaitEnd"},
	{what: "seconds are a thousand", file: settingsGo, from: "return time.Duration(n) * time.Second", to: "return time.Duration(n) * 1000 * time.Second", tests: "."},
	{what: "hosts of any length", file: checkGo, from: "maxHostBytes = 62", to: "maxHostBytes = 62000", tests: "."},
	{what: "a look may hang", file: serverGo, from: "quickTimeout = 10 *", to: "quickTimeout = 10000 *", tests: "TestLook_"},
	{what: "rows may be read for ever", file: "internal/altibase/content.go", from: "contentTimeout = 90 *", to: "contentTimeout = 90000 *", tests: "TestLook_"},
	{what: "failures without end", file: "internal/steps/steps.go", from: "mostFailures = 20", to: "mostFailures = 20000", tests: "TestRecorder_IsBounded"},
	{what: "the sidecar is waited for without end", file: hookGo, from: "lockPatience = 10 *", to: "lockPatience = 10000 *", tests: "TestSidecarThatDoesNotLetGo", in: withServers},
	{what: "an end has a day", file: hookGo, from: "began.Add(limit)", to: "began.Add(1000*limit)", tests: "TestEndOutOfTime", in: withServers},
	{what: "status waits for a server that hangs", file: askGo, from: "AnswerLimit = 10 *", to: "AnswerLimit = 10000 *", tests: "TestObserve_", in: "internal/status"},
	{what: "verify waits for a server that hangs", file: askGo, from: "AnswerLimit = 10 *", to: "AnswerLimit = 10000 *", tests: "TestService|TestAnswering", in: "internal/verify"},
	{what: "the check before an upgrade waits for a server that hangs", file: askGo, from: "AnswerLimit = 10 *", to: "AnswerLimit = 10000 *", tests: "TestAsk", in: "internal/upgrade"},
	{what: "users that stay have all of an end", file: lifecycle, from: "DrainOf(end, drain), min(all, end*3/4)", to: "min(drain, 1000*end), min(all, 1000*end)", tests: "TestEnd_ShorterThan"},
	{what: "who stays is waited for", file: lifecycle, from: "closeLimit = 10 *", to: "closeLimit = 10000 *", tests: "TestClose_"},
	{what: "the drain time is subtracted twice", file: lifecycle, from: "Split(time.Until(deadline), options.Shutdown)", to: "Split(time.Until(deadline)-r.DrainTime, options.Shutdown)", tests: "TestEnd_"},
	{what: "the preview of an end subtracts all the time of users", file: "internal/wiring/options.go", from: "end-lifecycle.DrainOf(end, settings.Seconds(s.DrainTime))", to: "end-settings.Seconds(s.DrainTime)", tests: "TestEndOptions"},
	{what: "a folder that is being taken is tried without a pause", file: "internal/owner/owner.go", from: "			if pulse.Sleep(ctx, recheck) != nil {\n				return fmt.Errorf(\"%w: at each try", to: "			if ctx.Err() != nil {\n				return fmt.Errorf(\"%w: at each try", tests: "TestTake_FileThatIsThere"},
	{what: "a file system that hangs is waited for at the end", file: "internal/sidecar/folders.go", from: "letGoLimit = 3 *", to: "letGoLimit = 3000 *", tests: "TestFolder_OnAFileSystemThatHangs"},
	{what: "a limit is for each try", file: lifecycle, from: "ctx, cancel = context.WithTimeout(ctx, s.For)\n		defer cancel()\n	}\n	err := t.await(ctx, r.Mesh)", to: "ctx, cancel = context.WithTimeout(ctx, 1000*s.For)\n		defer cancel()\n	}\n	err := t.await(ctx, r.Mesh)", tests: "TestStep_"},
	{what: "no pause before the next try of a recovery", file: "internal/recovery/recovery.go", from: "wiring.Runner(r.Settings, nil, nil).RetryDelay", to: "0", tests: "TestAgain"},
	{what: "no pause before the next call of the API", file: "internal/kube/scale_to_zero.go", from: "scalePoll = time.Second", to: "scalePoll = 0 * time.Second", tests: "TestInsist"},
	{what: "the default of AKU_QUERY_TIMEOUT limits a copy", file: "internal/wiring/connect.go", from: "	if s.QueryTimeout == settings.DefaultQueryTimeout {\n		return 0", to: "	if s.QueryTimeout == settings.DefaultQueryTimeout {\n		return settings.Seconds(s.QueryTimeout)", tests: "TestCopyTimeout"},
	{what: "the server's own limit cuts a copy", file: copyGo, from: "	if err := c.limitQueries(ctx, 0); err != nil {", to: "	if err := ctx.Err(); err != nil {", tests: "TestCopy_"},
	{what: "more objects than a server takes", file: checkGo, from: "MaxObjects = 32", to: "MaxObjects = 32000", tests: "TestRead"},
	{what: "a server that is full is not told from others", file: "internal/altibase/full.go", from: "held[0].int(0) < takes[0].int(0)", to: "held[0].int(0) < 1000*takes[0].int(0)", tests: "TestCreate_OnAServerThatIsFull"},
	{what: "a password of any length", file: "internal/password/password.go", from: "maxBytes = 40", to: "maxBytes = 40000", tests: "TestCheck"},

	// A close left out.
	{what: "a late login stays", file: connectGo, from: "}, opened.end)", to: "}, func() {})", tests: "TestLogin_"},
	{what: "a late statement keeps its session", file: sessionGo, from: "do, c.end)", to: "do, func() {})", tests: "TestStatement_ThatComes"},
	{what: "a lock is not given back", file: rundirGo, from: "return func() { file.Close() }, nil", to: "return func() {}, nil", tests: "TestContainersOfDifferentUsers"},
	{what: "a property is not put back", file: lendGo, from: "			if !c.broken {\n				return c.putBack(ctx, made)", to: "			if !c.broken {\n				return nil", tests: "TestTruncate_PutsBack", in: withServers},
	{what: "a property of who was killed is not put back", file: lendGo, from: "			if l.open {\n				continue", to: "			if l.open || !l.open {\n				continue", tests: "TestLend_OfWhoWasKilled", in: withServers},
	{what: "a property goes back to 0 whatever it was", file: lendGo, from: "	made.found = now[0].int(0)", to: "	made.found = 0", tests: "TestTruncate_PutsBack", in: withServers},
	{what: "verify drops a row that is proven to differ", file: "internal/verify/judge.go", from: "			different = append(different, c.difference(one.version))\n", to: "", tests: "TestVerify", in: withServers},
	{what: "an end of a session that hangs is asked for again", file: "internal/altibase/change.go", from: "	if s.ending[id] {", to: "	if false {", tests: "TestCloseUserSessions"},
	{what: "users whose sessions hang make a server that hangs", file: sessionGo, from: "int(s.abandoned.Load()) - len(s.ending)", to: "int(s.abandoned.Load())", tests: "TestCloseUserSessions"},
	{what: "no session to spare", file: serverGo, from: "	sessions += spare\n", to: "", tests: "TestCloseUserSessions"},
	{what: "the turn of the SYSDBA session is lost with a login that fails", file: serverGo, from: "100*time.Millisecond) != nil {\n			s.dbaFree <- struct{}{}\n", to: "100*time.Millisecond) != nil {\n", tests: "TestSYSDBA_"},
	{what: "the marker outlives an end", file: hookGo, from: "errors.Join(ender.End(ctx), dir.Unmark())", to: "errors.Join(ender.End(ctx))", tests: "TestEnd_LeavesNoMarker", in: withServers},

	{what: "a probe of a failed copy stays open", file: crossingGo, from: "		c.probe.GiveUp(ctx)\n", to: "", tests: "TestSync_FromAPinnedLog"},
	{what: "a probe is open as long as a long copy", file: crossingGo, from: "time.Since(c.began) >= copyInterval", to: "false", tests: "TestSync_FromAPinnedLog"},
	{what: "a probe ends before the beat table is read", file: crossingGo, from: "c.began.IsZero() && hasBeats:", to: "c.began.IsZero() && (hasBeats || true):", tests: "TestSync_FromAPinnedLog"},
	{what: "a probe that hangs keeps its session open", file: sessionGo, from: "		c.rollBack()\n", to: "", tests: "TestProbe_ThatHangs"},
	{what: "a probe is not rolled back", file: "internal/altibase/probe.go", from: "	_ = c.endTransaction(ctx, (*sql.Tx).Rollback) // nothing of it was to stay\n", to: "", tests: "TestProbe_Writes"},
	// An error dropped.
	{what: "a stranger of another mesh is let in", file: identityGo, from: "own.mesh == shown.mesh:", to: "own.mesh != \"\":", tests: "TestStranger_IsTold"},
	{what: "a stranger of the same mesh is let in", file: identityGo, from: "	case shown.pod != asked:\n		return stranger(", to: "	case shown.pod != asked:\n		_ = stranger(", tests: "TestStranger_IsTold"},
	{what: "a stranger's session is set up before it is known", file: connectGo, from: "		if err := opened.recognize(ctx); err != nil {", to: "		if err := errors.Join(opened.begin(ctx), opened.recognize(ctx)); err != nil {", tests: "TestStranger_"},
	{what: "a stranger is not told from others", file: "internal/lifecycle/reason.go", from: "{akucore.ErrStranger, ReasonStranger}, ", to: "", tests: "TestReason"},
	{what: "a broken recovery order is not said", file: "internal/wiring/options.go", from: "	order, err := recoveryOrder(s.RecoverFile)\n", to: "	order, err := recoveryOrder(s.RecoverFile)\n	err = nil\n", tests: "."},
	{what: "a right that is missing is asked for again", file: "internal/kube/api.go", from: "errForbidden, r.right)", to: "errNotFound, r.right)", tests: "MissingRight"},
	{what: "a password file may be empty", file: "internal/wiring/password.go", from: "	if text == \"\" {", to: "	if false {", tests: "TestPassword"},
	{what: "blocks behind a gap are forgotten", file: checkGo, from: "return append(f, s.forgottenBlocks()...)", to: "return f", tests: "."},
	{what: "a block may exchange all its tables", file: judgeGo, from: " exchanged,", to: "", tests: "."},
	{what: "a log is kept for nobody", file: judgeGo, from: " keptForNobody,", to: "", tests: "."},
	{what: "a table may be missing", file: judgeGo, from: " tables,", to: "", tests: "."},
	{what: "the driver does not know the limit of a login", file: settingsGo, from: ";LOGIN_TIMEOUT=4", to: "", tests: "TestDriver_", in: "internal/wiring"},
	{what: "no look at whose server it is", file: connectGo, from: "		if err := opened.recognize(ctx); err != nil {", to: "		if err := ctx.Err(); err != nil {", tests: "TestStranger_IsTold"},
	{what: "only loopback over IPv4", file: connectGo, from: "{\"127.0.0.1\", \"::1\"}", to: "{\"127.0.0.1\"}", tests: "TestIPv6", in: withServers},
	{what: "an address of IPv6 without brackets", file: connectGo, from: "address = \"[\" + address + \"]\"", to: "address += \"\"", tests: "TestConnectionString"},
	{what: "an error without what to do", file: errorsGo, from: "	if what, ok := advice[e.Code]; ok {", to: "	if what, ok := advice[e.Code]; ok && false {", tests: "TestClassify_GivesCodeKindAndWhatToDo"},
	{what: "what cannot help is tried again", file: errorsGo, from: "	\"6114E\": akucore.ErrFatal,", to: "	\"6114F\": akucore.ErrFatal,", tests: "TestClassify_GivesCodeKindAndWhatToDo"},
	{what: "a script that cannot be read is left out", file: "internal/sidecar/scripts.go", from: "Fault: cause(err)})", to: "Fault: nil})\n		_ = err", tests: "TestScripts"},
	{what: "a folder of scripts that cannot be read is empty", file: "internal/sidecar/scripts.go", from: "return []lifecycle.Script{{Name: dir, Fault: cause(err)}}", to: "return nil", tests: "TestScripts"},
	{what: "scripts before a broken one are run", file: "internal/altibase/initialize.go", from: "return all, errors.Join(faults...)", to: "return all, errors.Join()", tests: "TestInitialize"},
	{what: "a statement that fails is passed over", file: "internal/altibase/initialize.go", from: "err != nil && !exists(err) {", to: "err != nil && !exists(err) && i > 1000 {", tests: "TestInitialize"},
	{what: "quotes in comments begin a text", file: splitGo, from: "strings.HasPrefix(rest, \"/*\"):", to: "strings.HasPrefix(rest, \"/**\"):", tests: "TestSplit"},
	{what: "blocks are cut at their semicolons", file: splitGo, from: "case c == ';' && !s.block:", to: "case c == ';':", tests: "TestSplit"},
	{what: "a / behind a line end of Windows ends nothing", file: splitGo, from: "const blanks = \" \\t\\r\\f\\v\"", to: "const blanks = \" \\t\\f\\v\"", tests: "TestSplit"},
	{what: "a byte order mark is part of a word", file: splitGo, from: "string(r) == mark || r < utf8.RuneSelf", to: "r < utf8.RuneSelf", tests: "TestSplit"},
	{what: "the error of the last try is lost", file: lifecycle, from: "return fmt.Errorf(\"%w: %w\", last, context.Cause(ctx))", to: "return err", tests: "TestStep_"},
	{what: "one who hangs is back", file: viewGo, from: "errors.Is(err, ErrUnreachable) || errors.Is(err, ErrTimeout)", to: "errors.Is(err, ErrUnreachable)", tests: "TestAway", in: lifecycle},
	{what: "a pod that hangs answers", file: "internal/verify/verify.go", from: "!akucore.Away(err)", to: "!errors.Is(err, akucore.ErrUnreachable)", tests: "TestAnswering"},
	{what: "users are let in where no session is free", file: lifecycle, from: "		r.Log.Warn(\"sessions could not be opened in advance\", \"error\", err)\n", to: "		return err\n", tests: "TestClose_"},
	{what: "a sender that was reset meanwhile is started again", file: "internal/lifecycle/reconnect.go", from: "	s.If = akucore.IfKept\n", to: "", tests: "TestDeliver_"},
	{what: "a STOP that had to wait does not say for which", file: "internal/lifecycle/turns.go", from: "	<-ctx.Done() // at once", to: "	if ctx.Err() != nil {\n		return ctx.Err()\n	}\n	<-ctx.Done() // at once", tests: "TestStops_"},
	{what: "a pod that has changed is deleted for ever", file: "internal/kube/pod.go", from: "!errors.Is(err, errNotFound) && !errors.Is(err, errConflict)", to: "!errors.Is(err, errNotFound)", tests: "TestScaleToZero_APodThatIsAnother"},
	{what: "steps of the same words are one", file: "internal/lifecycle/left.go", from: "		p.stages[e.At.Stage][e.At.Step].state = stepDone\n", to: "		for _, stage := range p.stages {\n			for i := range stage {\n				if stage[i].words == p.stages[e.At.Stage][e.At.Step].words {\n					stage[i].state = stepDone\n				}\n			}\n		}\n", tests: "TestLeft_"},
	{what: "reserved words stand without quotes", file: "internal/altibase/identifier.go", from: "name == user || plain(name)", to: "name == user || plain(name) || name == strings.ToUpper(name)", tests: "TestIdentifier"},
	{what: "a blank CHAR is NULL", file: "internal/altibase/column.go", from: "		held = \" \"\n", to: "		held = \"\"\n", tests: "TestLiteral"},
	{what: "pages of a key of several columns leave rows out", file: "internal/altibase/content.go", from: "all = append(all, r.Columns[column].named()+\" \"+direction+\" \"+k[i])", to: "if i == 0 {\n			all = append(all, r.Columns[column].named()+\" \"+direction+\" \"+k[i])\n		} else {\n			all = append(all, \"1 = 0\")\n		}", tests: "TestVerify_PagesThatCut", in: withServers},
	{what: "verify does not look whether it finds what it sees", file: "internal/verify/compare.go", from: "		if err != nil || holds(found) {", to: "		if _ = holds(found); true {", tests: "TestMustFind"},
	{what: "a row counts as different at its first read", file: "internal/verify/judge.go", from: "	reads = 3", to: "	reads = 1", tests: "TestJudge_"},

	{what: "an output that is closed ends the end", file: outputGo, from: "	signal.Ignore(syscall.SIGPIPE)\n", to: "	_ = signal.Ignore\n", tests: "TestHookLog_OutputThatIsClosed", in: withServers},

	{what: "a copy that moves the pin is not noticed", file: crossingGo, from: "		r.sayLeftOut(s)\n", to: "", tests: "TestDeliver_ToTheOwnPod"},
	{what: "nobody is named when a copy has no probe", file: crossingGo, from: "		c.sayCrossed(c.step, c.object, still)\n", to: "		_ = still\n", tests: "TestSync_TransactionsThatBegan"},
	{what: "the session of a probe stays in use", file: "internal/altibase/probe.go", from: "	c.broken = true // its limit is not for other tasks\n", to: "", tests: "TestProbe_Writes"},
	// A lock held, a beat left out.
	{what: "all servers are locked while a session ends", file: serverGo, from: "	servers := slices.Collect(maps.Values(c.servers))\n	c.mu.Unlock()", to: "	servers := slices.Collect(maps.Values(c.servers))\n	defer c.mu.Unlock()", tests: "TestDisconnectThatHangs_HoldsUp"},
	{what: "many statements do not beat", file: sessionGo, from: "		pulse.Beat(ctx) // many", to: "		_ = pulse.Beat // many", tests: "TestManyTables"},
	{what: "who queues for a lock is silent", file: "internal/altibase/lock.go", from: "return pulse.While(ctx, func() error { return task(ctx, c) })", to: "_ = pulse.While\n			return task(ctx, c)", tests: "TestQueueForALock"},
	{what: "what is only tried queues for a lock", file: "internal/altibase/lock.go", from: "if wait == 0 && c.queues {", to: "if wait == 0 {", tests: "TestDDL_Queues"},
	{what: "a SYNC beside the other pods is taken to wait a second for each table", file: "internal/lifecycle/copy.go", from: "* 2 * besideWait", to: "* besideWait", tests: "TestSync_BesideOtherPods"},
	{what: "a SYNC is taken to wait for one table", file: "internal/lifecycle/copy.go", from: "time.Duration(len(r.Mesh.Blocks[s.Block].Items())) * 2", to: "2 * 2", tests: "TestSync_BesideOtherPods"},
	{what: "the owner of the lock that a STOP waits for is not named", file: lockGo, from: "holders <- r.whose(limited, s.Peer)", to: "holders <- \"\"", tests: "StopThatHangs", in: withServers},
	{what: "who has only locked is not named", file: "internal/altibase/transactions.go", from: "return s.transactions(ctx, \"\")", to: "return s.OpenTransactions(ctx)", tests: "StopThatHangs", in: withServers},
	{what: "the error before a cut try is lost", file: "internal/lifecycle/run.go", from: "return pulse.CutShort(ctx, last, before)", to: "_ = before; return last", tests: "TestStep_ItsLimit"},
	{what: "a copy whose log was reset counts", file: "internal/lifecycle/copy.go", from: "return !again", to: "return false", tests: "TestSync_LogThat"},
	{what: "the table of the beats may be listed", file: checkGo, from: `listed && b.Prefix != ""`, to: `listed && b.Prefix == ""`, tests: "TestRead_NamesAllFaults"},
	{what: "who waits for the lock of the pod is silent", file: rundirGo, from: "pulse.Sleep(ctx, 20*time.Millisecond)", to: "pulse.Sleep(pulse.With(ctx, nil), 20*time.Millisecond)", tests: "TestLivez_IsAliveWhileItWaits", in: withServers},
	{what: "scripts are silent", file: lifecycle, from: "pulse.While(ctx, func() error { return own.Initialize(ctx, scripts) })", to: "pulse.While(context.Background(), func() error { return own.Initialize(ctx, scripts) })", tests: "TestLongWork_Beats"},
	{what: "a copy is silent", file: lifecycle, from: "		pulse.Beat(ctx)\n		progress, err", to: "		pulse.Beat(context.Background())\n		progress, err", tests: "TestLongWork_Beats"},
	{what: "the request comes before the lock's file", file: rundirGo, from: "	file, err := open(d.lock())\n	if err != nil {\n		return nil, err\n	}\n	if err := d.RequestEnd()", to: "	_ = d.RequestEnd()\n	file, err := open(d.lock())\n	if err != nil {\n		return nil, err\n	}\n	if err := d.RequestEnd()", tests: "TestTakeOver"},
	{what: "files are for one user", file: sharedGo, from: "	if err == nil {\n		_ = file.Chmod(everybody)", to: "	if false {\n		_ = file.Chmod(everybody)", tests: "TestContainersOfDifferentUsers"},
	{what: "what was there before cannot be touched", file: sharedGo, from: "	if errors.Is(err, fs.ErrExist) {", to: "	if false && errors.Is(err, fs.ErrExist) {", tests: "TestContainersOfDifferentUsers"},

	// A log lost.
	{what: "what is left undone is not said when time is over", file: hookGo, from: "	defer context.AfterFunc(ctx, sayUndone)()\n", to: "", tests: "TestEndOutOfTime", in: withServers},
	{what: "progress of an end is not said", file: hookGo, from: "still{log: log, left: progress.Left}", to: "still{log: log, left: func() []string { return nil }}", tests: "TestEndThatIsKilled", in: withServers},
	{what: "the end says too late that all is done", file: hookGo, from: "e.Step.Do == akucore.Shutdown && len(progress.Left()) == 1", to: "e.Step.Do == akucore.Shutdown && false", tests: "TestSIGTERM_OfTheHook", in: withServers},
	{what: "what an end took is in no file", file: hookGo, from: "steps.Write(s.RunDir, recorder.End(err))", to: "error(nil)", tests: "TestMetrics", in: withServers},
	{what: "what an end took is for one user", file: sharedGo, from: "file.Chmod(everybody), file.Close()", to: "file.Chmod(0o600), file.Close()", tests: "TestFile", in: "internal/steps"},
	{what: "the hook's log is for one user", file: outputGo, from: "		_ = file.Chmod(0o666) // the next", to: "		// the next", tests: "TestOutput"},
	{what: "no Event of a copy that is cut again", file: announceGo, from: "	lifecycle.ReasonCopyLimit:    \"CopyTooSlow\",\n", to: "", tests: "TestTrouble"},
	{what: "an unknown replica count is not said", file: "internal/wiring/replicas.go", from: "return Unasked, fmt.Errorf(\"the replica count is not known, so nothing is reset: %w\", err)", to: "_ = fmt.Errorf\n		return Unasked, nil", tests: "TestReplicas", in: "internal/sidecar"},
	{what: "a cell breaks status's table", file: "internal/footnote/footnote.go", from: "	if utf8.RuneCountInString(text) <= widest && !strings.ContainsFunc(text, unicode.IsControl) {", to: "	if utf8.RuneCountInString(text) <= 1000*widest || !strings.ContainsFunc(text, unicode.IsControl) {", tests: "TestTable_StaysATable", in: "internal/status"},
	{what: "a cell breaks verify's table", file: "internal/footnote/footnote.go", from: "	if utf8.RuneCountInString(text) <= widest && !strings.ContainsFunc(text, unicode.IsControl) {", to: "	if utf8.RuneCountInString(text) <= 1000*widest || !strings.ContainsFunc(text, unicode.IsControl) {", tests: "TestReport", in: "internal/verify"},
	{what: "info's table breaks", file: "cmd/aku-init/info.go", from: "notes.Cell(p.Err.Error())", to: "p.Err.Error()", tests: "TestInfo"},
	{what: "info lists what one server has", file: "cmd/aku-init/info.go", from: "	for pod := range mesh.ServerCount {\n		for peer", to: "	for pod := range 1 {\n		for peer", tests: "TestCommands_DoWhatTheirScriptsSay/info"},
	{what: "the reason to wait is logged once", file: lifecycle, from: "repeatLog = 30 *", to: "repeatLog = 30000 *", tests: "TestReasonToWait"},
	{what: "troubles are not logged", file: warnGo, from: "		s.Log.Warn(about, \"reason\", err)", to: "		_ = err", tests: "TestTrouble|TestRecoveryOrder|TestReplicas"},
	{what: "what is still to do is not logged", file: "internal/hook/still.go", from: "	s.log.Info(\"still to do, if this is the last line\", \"left_undone\", left)\n", to: "", tests: "TestStill"},
	{what: "one output that fails keeps the line from the others", file: outputGo, from: "		_, _ = to.Write(line)", to: "		if n, err := to.Write(line); err != nil {\n			return n, err\n		}", tests: "TestOutputThatNobodyReads"},
	{what: "a cut copy does not say what to raise", file: copyGo, from: "	if !cut || times < 2 {", to: "	if !cut || times < 2000 {", tests: "TestCopy_"},
	{what: "a marker that cannot be written is said every second", file: "internal/sidecar/sidecar.go", from: "s.warn(\"write the marker\", s.dir.Mark())", to: "s.Log.Warn(\"write the marker\", \"reason\", s.dir.Mark())", tests: "TestMarkerAndBeats"},
	{what: "that there are no beats is said once", file: "internal/sidecar/beat.go", from: "	if err == nil && s.beatless {", to: "	if s.beatless {\n		s.warnings = warnings{}\n	}\n	if err == nil && s.beatless {", tests: "TestMarkerAndBeats"},
	{what: "Events only of the first minute", file: announceGo, from: "	case state == metrics.InService && len(a.announced) > 0:", to: "	case false:", tests: "TestTrouble_"},

	// Rows that were given up, and those that only come twice.
	{what: "a join cuts the server's own sender in the middle", file: "internal/akucore/plan_join.go", from: "		j.deliverRemains(),\n", to: "", tests: "TestStories", in: "internal/akucore"},
	{what: "a log that is given up in any case is waited for", file: "internal/lifecycle/run.go", from: "s.Remains && whole.Err() == nil", to: "s.Remains && whole == nil", tests: "TestDelivery_OfALog"},
	{what: "what comes twice is said to be given up", file: "internal/lifecycle/deliver.go", from: "if failed = givenUp(after, again); failed == nil {", to: "if again == nil {", tests: "TestDeliver_"},
	{what: "every rise is said to come twice", file: "internal/lifecycle/deliver.go", from: "failed != nil && s.Seen && !r.mayLack(ctx, s, moved)", to: "failed != nil && s.Seen", tests: "TestDeliver_"},
	{what: "import takes aku's own table", file: "internal/akuconf/check.go", from: "listed := tables[beat]; listed {", to: "listed := tables[beat]; listed && false {", tests: "TestRead_", in: "internal/akuconf"},
	{what: "an upgrade does not see a user's table with the name of aku's own", file: "internal/upgrade/observe.go", from: "altibase.UnknownColumn(unread)", to: "false && altibase.UnknownColumn(unread)", tests: "TestAsk_", in: "internal/upgrade"},
	{what: "an acknowledgement opens a pod", file: "internal/lifecycle/deliver.go", from: "if s.Seen && !s.Beatless {", to: "if false {", tests: "TestDeliver_"},
	{what: "a pod without beats is waited for", file: "internal/akucore/plan_restart.go", from: "proof.Beatless = !slices", to: "proof.Beatless = false && !slices", tests: "TestStories", in: "internal/akucore"},
	{what: "receivers wait no longer than the server's default", file: "internal/altibase/lock.go", from: "return s.change(ctx, quickTimeout, setSystem(\"REPLICATION_LOCK_TIMEOUT\", int64(wait.Seconds())))", to: "return nil", tests: "TestReceivers_Wait", in: withServers},
	{what: "a shorter lock timeout of a peer is not seen", file: "internal/lifecycle/given_up.go", from: "time.Since(moved).Abs() >= set", to: "time.Since(moved).Abs() >= max(set, r.Mesh.ReceiverLockTimeout+time.Hour)", tests: "TestDeliver_|TestMayLack"},
	{what: "what the hook saw given up is in its log only", file: hookGo, from: "rundir.Dir(s.RunDir).NoteGivenUp(e.Err.Error())", to: "error(nil)", tests: "TestEnd_ThatSees", in: withServers},
	{what: "what was given up is told again and again", file: "internal/rundir/given_up.go", from: "return texts, errors.Join(err, os.Remove(taken))", to: "return texts, errors.Join(err, os.Rename(taken, d.givenUp()))", tests: "TestRowsGivenUp", in: "internal/sidecar"},
	{what: "beats come when they like", file: "internal/sidecar/sidecar.go", from: "every(ctx, s.Settings.BeatEvery(), &s.beaten", to: "every(ctx, time.Second, &s.beaten", tests: "TestBeatInterval", in: withServers},
	{what: "a copy is not watched for rows that are given up", file: "internal/lifecycle/run.go", from: "return r.watchFailures(ctx, r.Mesh.Self, func() error { return r.run(ctx, p) })", to: "return r.run(ctx, p)", tests: "TestPlanThatCopies"},
	{what: "an end is not watched for rows that are given up", file: "internal/lifecycle/ender.go", from: "err = r.watchFailures(ctx, akucore.Outside, func() error { return r.RunAll(ctx, plan) })", to: "err = r.RunAll(ctx, plan)", tests: "TestEnd_Receiver"},
	{what: "the counts of a receiver are lost with the STOP of its sender", file: "internal/lifecycle/lock.go", from: "	r.lookBeforeStop(ctx, s)\n", to: "", tests: "TestEnd_Receiver"},
	{what: "what fails on a new connection is never missing", file: "internal/lifecycle/deliver.go", from: "anew != nil && s.Strict", to: "false && s.Strict", tests: "TestDeliver_"},
	{what: "users wait ten times as long behind a statement", file: "internal/lifecycle/lock.go", from: "return do(r.lockWait())", to: "return do(10 * r.lockWait())", tests: "TestLocked_"},
	{what: "nobody waits for who has only said LOCK TABLE", file: "internal/lifecycle/lock.go", from: "open := alsoIn(before, r.openOfUsers(ctx, s.On))", to: "open := before[:0]", tests: "TestLocked_"},
	{what: "only the own pod's receivers are watched", file: "internal/lifecycle/failures.go", from: "	if pod == w.copied {", to: "	if pod != w.copied {", tests: "TestPlanThatCopies"},
}
