package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/hack/intake/load"
	"github.com/zma-operator/zma-operator/hack/stack/postgres"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// productConns is the size of the controller's pool.
const productConns = 16

// warmUp is left out of each round: connections and plans are made in it.
const warmUp = time.Second

// play measures one round in a database of its own.
func play(ctx context.Context, server *postgres.Server, o options, rate float64, seed uint64) (r Round, err error) {
	name := "zma_bench_" + strings.ToLower(rand.Text()[:12])
	u, err := server.CreateDatabase(ctx, name)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, drop(server, name)) }()
	if o.durable {
		if err := execute(ctx, server.URL(), "ALTER DATABASE "+name+" SET synchronous_commit = on"); err != nil {
			return r, err
		}
	}
	if _, _, err := ledger.Migrate(ctx, u); err != nil {
		return r, err
	}
	l, err := ledger.Open(ctx, ledger.Options{URL: u, Now: time.Now, MaxConns: productConns})
	if err != nil {
		return r, err
	}
	defer l.Close()
	return run(ctx, l, o.over, rate, mathrand.New(mathrand.NewPCG(seed, 0))) //nolint:gosec // arrivals, not secrets
}

// run offers the orders and works out the round's figures.
func run(ctx context.Context, l *ledger.Ledger, over time.Duration, rate float64, random *mathrand.Rand) (Round, error) {
	m := newMirror(l)
	w := &orders{ledger: l, mirror: m, random: random, began: time.Now()}
	stop, mirrored := make(chan struct{}), make(chan error, 1)
	go func() { mirrored <- m.run(ctx, stop) }()
	if warm := load.Open(ctx, random, w, rate, warmUp); len(warm.Failures) > 0 {
		return Round{}, fmt.Errorf("orders failed: %v", warm.Failures)
	}
	w.reserve, w.settle, w.release = nil, nil, nil
	others := load.NewOthers()
	began := time.Now()
	result := load.Open(ctx, random, w, rate, over)
	ended := time.Now()
	share := others.Share()
	close(stop)
	if err := <-mirrored; err != nil {
		return Round{}, err
	}
	caughtUp := time.Since(ended)
	if len(result.Failures) > 0 {
		return Round{}, fmt.Errorf("orders failed: %v", result.Failures)
	}
	return Round{
		Reserve: seriesOf(w.reserve), Settle: seriesOf(w.settle), Release: seriesOf(w.release), Mirror: seriesOf(m.lags),
		OrdersPerSecond: float64(len(result.Latencies)) / ended.Sub(began).Seconds(), MostWaiting: m.most,
		CatchUpMillis: millis(caughtUp), OthersShare: share, GeneratorLagP99: millis(load.Quantile(result.Lags, 0.99)),
	}, nil
}

func drop(server *postgres.Server, name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return execute(ctx, server.URL(), "DROP DATABASE "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)")
}

func execute(ctx context.Context, u, sql string) error {
	conn, err := pgx.Connect(ctx, u)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql)
	return errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
}
