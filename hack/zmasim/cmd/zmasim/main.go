// Command zmasim runs the ZMA simulator by itself, until it is told to stop.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/zma-operator/zma-operator/hack/zmasim"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, args []string) error {
	o, err := options(args)
	if err != nil {
		return err
	}
	s, err := zmasim.Start(ctx, o)
	if err != nil {
		return err
	}
	fmt.Println(s.URL())
	if o.V2 {
		fmt.Println(s.V2URL())
	}
	<-ctx.Done()
	return s.Close()
}

func options(args []string) (zmasim.Options, error) {
	var o zmasim.Options
	flags := flag.NewFlagSet("zmasim", flag.ContinueOnError)
	flags.StringVar(&o.Addr, "addr", "127.0.0.1:0", "address to listen on")
	flags.StringVar(&o.Token, "token", "sim-token", "client token, the user name of HTTP Basic")
	flags.Int64Var(&o.BalanceCents, "balance", 0, "opening balance in cents; 0 means 10000000")
	flags.DurationVar(&o.Processing, "processing", 0, "time from POST to the outcome; 0 means 200ms")
	flags.DurationVar(&o.Delivery, "delivery", 0, "time from the outcome to the last delivery; 0 means by hand")
	flags.DurationVar(&o.CallbackRetry, "callback-retry", 0, "first pause before a callback is repeated; 0 means 1s")
	flags.DurationVar(&o.ListingLag, "listing-lag", 0, "how long new orders are missing from the listing")
	flags.BoolVar(&o.Control, "control", false, "serve /sim/ without authentication")
	flags.StringVar(&o.StateFile, "state-file", "", "keep state and record in this file")
	flags.BoolVar(&o.V2, "v2", false, "serve version 2 of the API too, and print its URL on a line of its own")
	flags.StringVar(&o.V2Addr, "v2-addr", "127.0.0.1:0", "address of version 2")
	flags.StringVar(&o.V2WebhookURL, "v2-webhook-url", "", "where version 2's events go")
	flags.StringVar(&o.V2WebhookSecret, "v2-webhook-secret", "", "what signs them")
	flags.IntVar(&o.Switches.ValidationStatus, "validation-status", 0, "HTTP status of refusals; 0 means 400")
	flags.IntVar(&o.Switches.TokenStatus, "token-status", 0, "HTTP status for a wrong token; 0 means 401")
	flags.IntVar(&o.Switches.UnknownIDStatus, "unknown-id-status", 0, "HTTP status for an unknown ID; 0 means 200")
	flags.BoolVar(&o.Switches.LenientFields, "lenient", false, "require only products and address")
	flags.BoolVar(&o.Switches.RefuseChangedBody, "refuse-changed-body", false, "refuse a known key with another body")
	flags.BoolVar(&o.Switches.InsufficientAtPost, "insufficient-at-post", false, "refuse for lack of balance at once")
	flags.BoolVar(&o.Switches.BareList, "bare-list", false, "list orders as a bare array")
	flags.BoolVar(&o.Switches.UnsignedCharges, "unsigned-charges", false, "list the charges of orders without sign, by an unknown type")
	flags.BoolVar(&o.Switches.V2FlatErrors, "v2-flat-errors", false, "version 2's errors without the \"error\" around them")
	flags.BoolVar(&o.Switches.V2FundsFirst, "v2-funds-first", false, "version 2 looks at the wallet before the key")
	flags.StringVar((*string)(&o.Switches.Balance), "balance-body", "", "plain, available, unreadable, or all fields when empty")
	o.Logf = log.Printf
	return o, flags.Parse(args)
}
