// Command bench measures the ledger's transactions, and the lag of the mirror, at
// the rate of orders that the whole pipeline reaches on this machine. The figures
// go to standard output as JSON; its status is 1 when a transaction was too slow.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/zma-operator/zma-operator/hack/program"
	"github.com/zma-operator/zma-operator/hack/stack/postgres"
)

// errSlow means that everything was measured, and that something was over the bar.
var errSlow = errors.New("a transaction was over the bar")

type options struct {
	rate    float64
	orders  int
	rounds  int
	over    time.Duration
	bar     time.Duration
	seed    uint64
	durable bool
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.Float64Var(&o.rate, "rate", 0, "orders per second; 0 finds what the pipeline can do, on the whole local stack")
	flags.IntVar(&o.orders, "orders", 600, "orders that find it")
	flags.IntVar(&o.rounds, "rounds", 5, "repetitions")
	flags.DurationVar(&o.over, "over", 10*time.Second, "length of each")
	flags.DurationVar(&o.bar, "bar", 10*time.Millisecond, "longest 99th percentile of a transaction that passes, as the median of the repetitions")
	flags.Uint64Var(&o.seed, "seed", 1, "seed of the arrivals")
	flags.BoolVar(&o.durable, "durable", false, "wait for each commit to be on disk, which the local stack does not")
	err := flags.Parse(args)
	if err == nil && (o.rounds < 1 || o.orders < 100 || o.rate < 0) {
		err = errors.New("at least one round and a hundred orders, please")
	}
	return o, err
}

func main() { program.Main("bench", bench) }

func bench(ctx context.Context, args []string, out, progress io.Writer) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	r := Report{BarMillis: millis(o.bar), Durable: o.durable, OrdersPerSecond: o.rate}
	if o.rate == 0 {
		if r.Pipeline, err = pipeline(ctx, o.orders, progress); err != nil {
			return fmt.Errorf("the pipeline: %w", err)
		}
		r.OrdersPerSecond = r.Pipeline.OrdersPerSecond
	}
	if err := r.measure(ctx, o, progress); err != nil {
		return err
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(r); err != nil {
		return err
	}
	if !r.Pass {
		return errSlow
	}
	return nil
}

// measure plays the rounds, each in a database of its own.
func (r *Report) measure(ctx context.Context, o options, progress io.Writer) (err error) {
	if r.OrdersPerSecond <= 0 {
		return errors.New("no rate")
	}
	server, err := postgres.Start(ctx, postgres.Options{Progress: progress})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	for n := range o.rounds {
		round, err := play(ctx, server, o, r.OrdersPerSecond, o.seed+uint64(n)) //nolint:gosec // counted from 0
		if err != nil {
			return err
		}
		r.Rounds = append(r.Rounds, round)
		say(progress, "round %d at %.0f orders/s: p99 of reserve %.1f ms, settle %.1f ms, release %.1f ms; mirror behind by %.0f ms; others took %.0f %% of the machine",
			n+1, r.OrdersPerSecond, round.Reserve.P99, round.Settle.P99, round.Release.P99, round.Mirror.P99, round.OthersShare*100)
	}
	r.sum()
	return nil
}

func say(w io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(w, "==> "+format+"\n", args...) // progress is a courtesy
}
