package main

import (
	"fmt"

	"aku/e2e/internal/trial"
)

// whatNow is the last text of a demo: commands to copy, for the shell and folder in which it was started.
// When nothing was kept, the first command runs a demo that stays, and the others find it.
func whatNow(kept bool, kubeconfig, namespace string) string {
	begin := "What now? It is all left running. Look at it, and break something (Ctrl-C ends the watch):\n"
	find := namespace
	if !kept {
		begin = "What now? Leave it running, look at it, and break something (Ctrl-C ends the watch):\n  KEEP=1 make demo\n"
		find = `$(kubectl get namespaces --sort-by .metadata.creationTimestamp --output name | sed -n 's,namespace/\(aku-demo-.*\),\1,p' | tail -n 1)`
	}
	text := begin + fmt.Sprintf(`  export KUBECONFIG='%[1]s' PATH=$PWD/.build/cluster/bin:$PATH; ns=%[2]s; kubectl -n "$ns" exec %[3]s -c aku -- /opt/aku/bin/aku-init status
  kubectl -n "$ns" delete pod %[3]s --force --grace-period=0; kubectl -n "$ns" get pods --watch
`, kubeconfig, find, trial.Pod(0))
	if kept {
		text += `More pods, and the end of it all, in order, which takes a minute (make cluster-down takes the whole cluster away at once):
  helm -n "$ns" upgrade altibase charts/altibase --reset-then-reuse-values --set replicaCount=3
  kubectl delete namespace "$ns"
`
	}
	return text
}
