// Command onpods runs the conformance suite against three pods of any server's image. The suite runs in a
// fourth pod of that image, with the image's ODBC driver. This program does what the suite cannot do from
// there, such as killing a server.
//
// `make conformance SERVER_IMAGE=… SERVER_VALUES=…` runs it beside a cluster.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/sync/errgroup"

	"aku/e2e/internal/trial"
	"aku/e2e/internal/tried"
)

// With -test.v=test2json the outcome of each case is printed at once, with -test.v alone at the end. framing
// begins lines of go test then, and named lines are only for programs.
const (
	framing = "\x16"
	named   = "=== NAME "
)

// runner is the pod of the suite, names are the servers.
const runner = "conformance"

var names = [3]string{"n1", "n2", "n3"}

func main() {
	kind := flag.String("kind", "vendor", "which cases can hold: those of a vendor's server, or of altisim")
	cases := flag.String("cases", "", "pattern of files, or file/case")
	flag.Parse()
	ctx, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	if err := run(ctx, *kind, *cases); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, kind, cases string) (err error) {
	cluster, err := trial.NewCluster(cmp.Or(os.Getenv("DEMO_KUBECONFIG"), os.Getenv("KUBECONFIG")), trial.ImagesOfEnvironment())
	if err != nil {
		return err
	}
	space, err := cluster.Open(ctx, "conformance")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil && os.Getenv("KEEP") == "1" {
			space.Leave()
			return
		}
		err = errors.Join(err, space.Close(context.Background())) // the context may have ended by Ctrl-C
	}()
	servers, err := space.Plain(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("three servers of %s in namespace %s\n", cluster.Images.Server, space.Namespace)
	var group errgroup.Group
	for _, name := range names {
		group.Go(func() error { return servers.Create(ctx, name) })
	}
	group.Go(func() error { return space.StartBundle(ctx, runner, "/opt/aku/bin/client", "wait") })
	if err := group.Wait(); err != nil {
		return err
	}
	var addresses []string
	for _, name := range names {
		addresses = append(addresses, fmt.Sprintf("%s:%d:%d", servers.Host(name), servers.Port, servers.ReplicationPort))
	}
	return space.Converse(ctx, runner, func(line string) (answer string, asked bool) {
		line = strings.ReplaceAll(line, framing, "")
		if run, found := strings.CutPrefix(line, tried.Mark); found {
			if err := keep(ctx, cluster, run); err != nil {
				fmt.Println("what was tried:", err)
			}
			return "", false
		}
		what, asked := strings.CutPrefix(line, "hand: ")
		if !asked {
			if !strings.HasPrefix(line, named) {
				fmt.Println(line)
			}
			return "", false
		}
		if err := do(ctx, space, servers, strings.Fields(what)); err != nil {
			return strings.ReplaceAll(err.Error(), "\n", "; "), true
		}
		return "ok", true
	}, "/opt/aku/bin/conformance.test", "-test.v=test2json", "-test.timeout=4h", "-test.run=^Test(Unseen|Conformance)_/"+cases,
		"-hand", "-kind="+kind, "-servers="+strings.Join(addresses, ","))
}

// keep records the run that the suite reports, with what is known only here.
func keep(ctx context.Context, cluster *trial.Cluster, text string) error {
	var run tried.Run
	err := json.Unmarshal([]byte(text), &run)
	if err != nil {
		return err
	}
	run.Image = cluster.Images.Server
	if run.Kubernetes, _, err = cluster.Versions(ctx); err != nil {
		return err
	}
	return run.Write()
}

// do does what the suite asks for: kill 1, restart 2 ADMIN_MODE=1, pause 3, resume 3, anew 1, copy 2, putback 2,
// and of stand-ins scale 0.1.
func do(ctx context.Context, space *trial.Space, servers *trial.PlainServers, words []string) error {
	if len(words) < 2 {
		return fmt.Errorf("unknown request %q", words)
	}
	if words[0] == "scale" {
		return servers.Set(ctx, "ALTISIM_TIME_SCALE", words[1], names[:]...)
	}
	number := int(words[1][0] - '1')
	if number < 0 || number >= len(names) {
		return fmt.Errorf("there is no server %s", words[1])
	}
	name := names[number]
	switch words[0] {
	case "kill":
		return servers.Kill(ctx, name)
	case "pause":
		return space.Freeze(ctx, name, trial.Database)
	case "resume":
		return space.Thaw(ctx, name, trial.Database)
	case "anew":
		return servers.Anew(ctx, name)
	case "copy":
		return servers.Copy(ctx, name)
	case "putback":
		return servers.PutBack(ctx, name)
	case "restart":
		properties := map[string]string{}
		for _, word := range words[2:] {
			property, value, _ := strings.Cut(word, "=")
			properties[property] = value
		}
		return servers.Restart(ctx, name, properties)
	}
	return fmt.Errorf("there is no request %s", words[0])
}
