package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/hack/operator"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/stack"
	"github.com/zma-operator/zma-operator/hack/stack/process"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// senders of webhooks, each of which waits for its answer.
const senders = 16

// pipelinePatience is how long the orders may take to be placed and mirrored.
const pipelinePatience = 10 * time.Minute

// Pipeline is what the whole product did with orders that came as fast as they
// were taken.
type Pipeline struct {
	// Orders that were sent.
	Orders int `json:"orders"`
	// OrdersPerSecond that were settled, between the first tenth and the last.
	OrdersPerSecond float64 `json:"ordersPerSecond"`
	// MirrorBehindSeconds is the time from the last settlement until the mirror
	// showed every order as placed.
	MirrorBehindSeconds float64 `json:"mirrorBehindSeconds"`
}

// pipeline sends orders through the local stack and the real binary.
func pipeline(ctx context.Context, n int, progress io.Writer) (p *Pipeline, err error) {
	ctx, cancel := context.WithTimeout(ctx, pipelinePatience)
	defer cancel()
	dir, err := os.MkdirTemp("", "zma-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := stack.Start(ctx, stack.Options{Progress: progress, ZMA: zmasim.Options{Processing: providerTime, BalanceCents: 1 << 40}})
	defer func() { err = errors.Join(err, s.Stop()) }()
	if err != nil {
		return nil, err
	}
	binary, err := operator.Build(ctx, dir, "")
	if err != nil {
		return nil, err
	}
	const database = "zma_bench_pipeline"
	u, err := s.Postgres.CreateDatabase(ctx, database)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, drop(s.Postgres, database)) }()
	sender, stop, err := serve(ctx, s, binary, u, filepath.Join(dir, "operator.log"))
	if err != nil {
		return nil, err
	}
	defer stop()
	say(progress, "%d orders go through the pipeline", n)
	if err := send(ctx, sender, n); err != nil {
		return nil, err
	}
	return follow(ctx, u, n)
}

// serve runs the product for a shop whose account holds nothing up.
func serve(ctx context.Context, s *stack.Stack, binary, u, log string) (sender *shop.Sender, stop func(), err error) {
	if err := operator.Migrate(ctx, binary, u); err != nil {
		return nil, nil, err
	}
	port, err := process.FreePort()
	if err != nil {
		return nil, nil, err
	}
	client, err := shop.Client(s.Kube.Config())
	if err != nil {
		return nil, nil, err
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	setup := shop.Setup{
		Namespace: "bench", ProviderURL: s.ZMA.URL(), ProviderToken: "sim-token", CallbackURL: "http://" + address,
		PollInterval: time.Minute, RatePerMinute: 60_000, MaxInFlight: 10_000,
	}
	secret, err := setup.Apply(ctx, client)
	if err != nil {
		return nil, nil, err
	}
	p, err := operator.Start(ctx, operator.Options{
		Binary: binary, Command: "all", Kubeconfig: s.Kube.KubeconfigPath(), DatabaseURL: u, WebhookAddr: address, Log: log,
		Args: []string{"--log-level=warn"},
	})
	if err != nil {
		return nil, nil, err
	}
	return &shop.Sender{URL: "http://" + address + setup.WebhookPath(), Secret: secret, HTTP: http.DefaultClient, Now: time.Now}, p.Kill, nil
}

// send delivers the webhooks as fast as they are answered; one that is refused for
// lack of room is sent again.
func send(ctx context.Context, sender *shop.Sender, n int) error {
	ids := make(chan string)
	errs := make([]error, senders)
	var all sync.WaitGroup
	for i := range senders {
		all.Go(func() {
			for id := range ids {
				errs[i] = errors.Join(errs[i], insist(ctx, sender, id))
			}
		})
	}
	for i := range n {
		ids <- fmt.Sprintf("order-%d", i)
	}
	close(ids)
	all.Wait()
	return errors.Join(errs...)
}

func insist(ctx context.Context, sender *shop.Sender, id string) error {
	item := shop.Item{ProductID: zmasim.ProductOK, Quantity: 1, UnitPriceCents: zmasim.PriceOf(zmasim.ProductOK), Title: "Something good"}
	body := shop.NewOrder(id, item).JSON()
	for {
		answer, err := sender.Send(ctx, "msg-"+id, body)
		switch {
		case err != nil:
			return err
		case answer.Status == http.StatusAccepted || answer.Status == http.StatusOK:
			return nil
		case answer.Status < 500 && answer.Status != http.StatusTooManyRequests:
			return fmt.Errorf("a webhook is answered %d", answer.Status)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// follow waits until all orders are settled and mirrored, and reads the rate off
// the settlements.
func follow(ctx context.Context, u string, n int) (*Pipeline, error) {
	conn, err := pgx.Connect(ctx, u)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if err := reaches(ctx, conn, `SELECT count(*) FROM zma_cost_tracking WHERE state = 'settled'`, n); err != nil {
		return nil, err
	}
	if err := reaches(ctx, conn, `SELECT count(*) FROM orders WHERE status_reason IN ('Placed', 'Shipped', 'Delivered')`, n); err != nil {
		return nil, err
	}
	seen := time.Now()
	rows, err := conn.Query(ctx, `SELECT settled_at FROM zma_cost_tracking`)
	if err != nil {
		return nil, err
	}
	times, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
	if err != nil {
		return nil, err
	}
	slices.SortFunc(times, time.Time.Compare)
	first, last := times[n/10], times[n*9/10]
	return &Pipeline{
		Orders: n, OrdersPerSecond: float64(n*9/10-n/10) / last.Sub(first).Seconds(),
		MirrorBehindSeconds: max(0, seen.Sub(times[n-1]).Seconds()),
	}, nil
}

func reaches(ctx context.Context, conn *pgx.Conn, count string, n int) error {
	for {
		var got int
		if err := conn.QueryRow(ctx, count).Scan(&got); err != nil {
			return err
		}
		if got == n {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d of %d orders after %s", got, n, pipelinePatience)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
