// Command bench fills a private Postgres with generated orders and measures every
// ready query of docs/reports.md and of the dashboard, as the people do who read
// them: through row level security. It ends with a status other than 0 when the
// median of one is over the bar.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/zma-operator/zma-operator/hack/program"
	"github.com/zma-operator/zma-operator/hack/records"
	"github.com/zma-operator/zma-operator/hack/stack/postgres"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// errBroken means that the queries were measured and one was too slow.
var errBroken = errors.New("a query was over the bar")

type options struct {
	records.Options
	docs, dashboard string
	runs            int
	bar             time.Duration
}

func main() { program.Main("bench", bench) }

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.Int64Var(&o.Orders, "orders", 1_000_000, "orders to generate")
	flags.IntVar(&o.Days, "days", 365, "days that they are spread over")
	flags.Int64Var(&o.Seed, "seed", 1, "seed of what is generated")
	flags.StringVar(&o.docs, "docs", "docs/reports.md", "page whose queries are measured")
	flags.StringVar(&o.dashboard, "dashboard", "config/grafana/zma-reports.json", "dashboard whose queries are measured, over 30 days")
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
	u, err := prepare(ctx, server, o.Options)
	if err != nil {
		return err
	}
	o.Progress("measure")
	queries := records.Queries(string(page))
	panels, err := records.Panels(o.dashboard, o.End.AddDate(0, 0, -30), o.End)
	if err != nil {
		return err
	}
	for _, p := range panels {
		queries = append(queries, p.Query)
	}
	figures, err := measure(ctx, u, queries, o.runs)
	if err != nil {
		return err
	}
	return report(out, figures, o.bar)
}

func prepare(ctx context.Context, server *postgres.Server, o records.Options) (string, error) {
	u, err := server.CreateDatabase(ctx, fmt.Sprintf("records_%d", o.End.UnixNano()))
	if err != nil {
		return "", err
	}
	if _, _, err := ledger.Migrate(ctx, u); err != nil {
		return "", err
	}
	return u, records.Generate(ctx, u, o)
}

// measure reads as a reporter, and as an auditor what a reporter may not.
func measure(ctx context.Context, u string, queries []records.Query, runs int) (figures []records.Figure, err error) {
	for _, role := range []string{"zma_reporter", "zma_auditor"} {
		var refused []records.Query
		err := as(ctx, u, role, func(conn *pgx.Conn) error {
			for _, q := range queries {
				f, err := records.Measure(ctx, conn, q, runs)
				var e *pgconn.PgError
				if errors.As(err, &e) && e.Code == "42501" && role == "zma_reporter" {
					refused = append(refused, q)
					continue
				}
				if err != nil {
					return err
				}
				f.Title += " (" + role + ")"
				figures = append(figures, f)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		queries = refused
	}
	return figures, nil
}

// as makes a login for the time of a call.
func as(ctx context.Context, u, role string, do func(*pgx.Conn) error) (err error) {
	reader, err := records.Reader(ctx, u, role)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, records.Forget(context.WithoutCancel(ctx), u, reader)) }()
	conn, err := pgx.Connect(ctx, reader)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	return do(conn)
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
