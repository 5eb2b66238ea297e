// Command bench fills a private Postgres with generated orders and measures every
// ready query of docs/reports.md. It ends with a status other than 0 when the
// median of one is over the bar.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/hack/records"
	"github.com/zma-operator/zma-operator/hack/stack/postgres"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// errBroken means that the queries were measured and one was too slow.
var errBroken = errors.New("a query was over the bar")

type options struct {
	records.Options
	docs string
	runs int
	bar  time.Duration
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := bench(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.Int64Var(&o.Orders, "orders", 1_000_000, "orders to generate")
	flags.IntVar(&o.Days, "days", 365, "days that they are spread over")
	flags.Int64Var(&o.Seed, "seed", 1, "seed of what is generated")
	flags.StringVar(&o.docs, "docs", "docs/reports.md", "page whose queries are measured")
	flags.IntVar(&o.runs, "runs", 5, "runs of each query")
	flags.DurationVar(&o.bar, "bar", time.Second, "longest median that passes")
	err := flags.Parse(args)
	return o, err
}

// bench measures once. The figures go to out, everything else to progress.
func bench(ctx context.Context, args []string, out, progress io.Writer) (err error) {
	o, err := parse(args)
	if err != nil {
		return err
	}
	page, err := os.ReadFile(o.docs)
	if err != nil {
		return err
	}
	server, err := postgres.Start(ctx, postgres.Options{Progress: progress})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	start := time.Now()
	o.End = start
	o.Progress = func(step string) {
		_, _ = fmt.Fprintf(progress, "%6.1fs %s\n", time.Since(start).Seconds(), step)
	}
	conn, err := prepare(ctx, server, o.Options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	o.Progress("measure")
	figures, err := records.Measure(ctx, conn, records.Queries(string(page)), o.runs)
	if err != nil {
		return err
	}
	return report(out, figures, o.bar)
}

func prepare(ctx context.Context, server *postgres.Server, o records.Options) (*pgx.Conn, error) {
	u, err := server.CreateDatabase(ctx, fmt.Sprintf("records_%d", o.End.UnixNano()))
	if err != nil {
		return nil, err
	}
	if _, _, err := ledger.Migrate(ctx, u); err != nil {
		return nil, err
	}
	if err := records.Generate(ctx, u, o); err != nil {
		return nil, err
	}
	return pgx.Connect(ctx, u)
}

func report(out io.Writer, figures []records.Figure, bar time.Duration) error {
	var broken error
	for _, f := range figures {
		verdict := "ok  "
		if f.Median >= bar {
			verdict, broken = "SLOW", errBroken
		}
		const line = "%s %8s median %8s least %8s most %7d rows  %s\n     %s\n"
		round := func(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }
		if _, err := fmt.Fprintf(out, line, verdict, round(f.Median), round(f.Least), round(f.Most), f.Rows, f.Title, f.Plan); err != nil {
			return err
		}
	}
	return broken
}
