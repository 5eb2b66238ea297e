// Command demo shows the operator at work, on real parts: signed webhooks become
// orders, are bought once at the simulated provider, accounted for in Postgres,
// and confirmed by mail.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	once := flag.Bool("once", false, "end after the show; the exit status tells whether every expectation held")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ok, err := show(ctx, *once)
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "demo:", err)
		stop()
		os.Exit(1)
	case !ok:
		fmt.Fprintln(os.Stderr, "demo: not every expectation held")
		stop()
		os.Exit(1)
	}
}
