// Registry is a container registry for tests: on a free port of loopback, in memory, gone with the process.
//
//	registry -socket FILE
//
// It listens on a socket in the file system, too, which is reached from other network namespaces; there the same address must
// lead to it (e2e/cluster/forward.sh). The address is the first line that it prints.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry/handlers"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/inmemory" // storage in memory
	"golang.org/x/sync/errgroup"
)

func main() {
	socket := flag.String("socket", "", "file of the socket")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, *socket); err != nil {
		fmt.Fprintln(os.Stderr, "registry:", err)
		os.Exit(1)
	}
}

// serve runs the registry until the context ends.
func serve(ctx context.Context, socket string) error {
	onSocket, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	onLoopback, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(onLoopback.Addr())
	server := &http.Server{
		Handler: handlers.NewApp(ctx, &configuration.Configuration{Storage: configuration.Storage{"inmemory": configuration.Parameters{}}}),
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return server.Serve(onLoopback) })
	group.Go(func() error { return server.Serve(onSocket) })
	group.Go(func() error {
		<-ctx.Done()
		return server.Close()
	})
	if err := group.Wait(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
