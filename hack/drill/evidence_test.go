package drill

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/zma-operator/zma-operator/internal/ledger"
)

// wrong lets every parcel arrive that can, and judges what there is.
func (s *site) wrong() error {
	for _, p := range s.sim.Record().Purchases {
		for s.sim.Advance(p.RequestID) {
		}
	}
	e, err := s.evidence(context.Background())
	if err != nil {
		return err
	}
	var orders []Order
	for _, o := range s.orders {
		orders = append(orders, o.Order)
	}
	return Judge(orders, e)
}

func (s *site) evidence(ctx context.Context) (Evidence, error) {
	e := Evidence{Record: s.sim.Record(), Cluster: map[string]Seen{}}
	orders, err := s.list()
	if err != nil {
		return e, err
	}
	for id, o := range orders {
		seen := Seen{Reason: readyReason(o)}
		if sub := o.Status.Submission; sub != nil {
			seen.RequestID = sub.RequestID
		}
		e.Cluster[id] = seen
	}
	if e.Ledger, err = s.money(ctx); err != nil {
		return e, err
	}
	l, err := ledger.Open(ctx, ledger.Options{URL: s.database, Now: time.Now, MaxConns: 1})
	if err != nil {
		return e, err
	}
	defer l.Close()
	books, err := l.Books(ctx, s.namespace)
	e.Differences = books.Differences
	return e, err
}

// money asks the ledger about each order.
func (s *site) money(ctx context.Context) (map[string]Money, error) {
	conn, err := pgx.Connect(ctx, s.database)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(ctx) }()
	rows, err := conn.Query(ctx, `
		SELECT external_id, COALESCE(sum(total_cents) FILTER (WHERE state = 'settled'), 0)::bigint,
			sum(refunded_cents)::bigint, count(*) FILTER (WHERE state = 'reserved')
		FROM zma_cost_tracking GROUP BY external_id`)
	if err != nil {
		return nil, err
	}
	out := map[string]Money{}
	var id string
	var m Money
	_, err = pgx.ForEachRow(rows, []any{&id, &m.Settled, &m.Refunded, &m.Reserved}, func() error {
		out[id] = m
		return nil
	})
	return out, err
}

// notMirrored tells how many orders that were waited for Postgres has not seen.
func (s *site) notMirrored() error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, s.database)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	var n int
	err = conn.QueryRow(ctx, `SELECT count(*) FROM orders WHERE spec IS NOT NULL`).Scan(&n)
	if want := len(s.of(early)) + len(s.of(late)); err == nil && n != want {
		return fmt.Errorf("%d orders are mirrored, want %d", n, want)
	}
	return err
}

// explain shows the ends of the logs when a phase has failed.
func (s *site) explain() {
	if !s.t.Failed() {
		return
	}
	for _, command := range []string{"controller", "webhook"} {
		raw, err := os.ReadFile(s.log(command))
		if err != nil {
			continue
		}
		lines := bytes.Split(raw, []byte("\n"))
		s.t.Logf("the end of the %s's log:\n%s", command, bytes.Join(lines[max(0, len(lines)-40):], []byte("\n")))
	}
}
