package webhookserver

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/go-logr/logr"

	"github.com/zma-operator/zma-operator/internal/callback"
	"github.com/zma-operator/zma-operator/internal/ledger"
	"github.com/zma-operator/zma-operator/internal/telemetry"
)

// InsertFunc writes a batch of deliveries, all or none.
type InsertFunc func(context.Context, []ledger.Delivery) error

// DeliveryWriter writes the delivery log in the background, so that neither a
// slow nor an absent Postgres delays a webhook. What does not fit its buffer is
// dropped and counted; the orders themselves do not pass through here.
type DeliveryWriter struct {
	insert  InsertFunc
	metrics *telemetry.Metrics
	log     logr.Logger

	queue  chan ledger.Delivery
	closed chan struct{}
	once   sync.Once

	batch     int
	linger    time.Duration // to gather a batch
	pause     time.Duration // first, between tries
	maxPause  time.Duration
	timeout   time.Duration // of one insertion
	stopAfter time.Duration // the longest wait for Close once stopped
	flush     time.Duration // of everything left
}

// NewDeliveryWriter keeps up to 8192 rows and writes up to 200 at once.
func NewDeliveryWriter(insert InsertFunc, m *telemetry.Metrics, log logr.Logger) *DeliveryWriter {
	return &DeliveryWriter{
		insert: insert, metrics: m, log: log,
		queue: make(chan ledger.Delivery, 8192), closed: make(chan struct{}),
		batch: 200, linger: 250 * time.Millisecond,
		pause: time.Second, maxPause: 30 * time.Second, timeout: 10 * time.Second,
		stopAfter: 20 * time.Second, flush: 5 * time.Second,
	}
}

// NeedLeaderElection is false: every replica has a log of its own requests.
func (w *DeliveryWriter) NeedLeaderElection() bool { return false }

// Record takes a row, or drops and counts it when the buffer is full. It never
// blocks. Half of it is kept for senders who have proved who they are: nothing that
// strangers send, which costs them nothing, can push out those rows.
func (w *DeliveryWriter) Record(d ledger.Delivery) {
	if !proven(d) && len(w.queue) >= cap(w.queue)/2 {
		w.metrics.DeliveriesDropped.Inc()
		return
	}
	select {
	case w.queue <- d:
	default:
		w.metrics.DeliveriesDropped.Inc()
	}
}

// proven tells by a row whether its sender was authenticated: only then does it name
// a message, an order or a hint, was it done as asked, or refused for its content.
// Where a row does not tell, as of a source's limit under a scheme without message
// IDs, the answer was to send again, and it counts as a stranger's.
func proven(d ledger.Delivery) bool {
	if d.WebhookID != "" || d.OrderName != "" || d.ExternalIDHash != "" || d.Hint != (callback.Hint{}) || d.SecurityEvent == eventReplay {
		return true
	}
	switch d.Outcome {
	case "card-data", "invalid-body", "mapping-failed", "invalid-order", "payload-conflict":
		return true
	}
	return d.Category == categoryOK && d.Outcome != outcomePreflight
}

// Close says that no more rows come. The server calls it once drained.
func (w *DeliveryWriter) Close() { w.once.Do(func() { close(w.closed) }) }

// Start writes until ctx ends and the server has drained, then flushes. A batch
// that the end cuts off may be written twice, which a log can bear.
func (w *DeliveryWriter) Start(ctx context.Context) error {
	// The server still answers while it drains; its rows are wanted too.
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	go w.awaitStop(ctx, cancel)
	for {
		rows := w.gather(work)
		if len(rows) > 0 && !w.write(work, rows) {
			return w.flushRest(rows)
		}
		if work.Err() != nil {
			return w.flushRest(nil)
		}
	}
}

func (w *DeliveryWriter) awaitStop(ctx context.Context, cancel context.CancelFunc) {
	defer cancel()
	<-ctx.Done()
	limit := time.NewTimer(w.stopAfter)
	defer limit.Stop()
	select {
	case <-w.closed:
	case <-limit.C:
	}
}

// gather waits for a row and collects what comes shortly after it.
func (w *DeliveryWriter) gather(ctx context.Context) []ledger.Delivery {
	var rows []ledger.Delivery
	select {
	case d := <-w.queue:
		rows = append(rows, d)
	case <-ctx.Done():
		return nil
	}
	linger := time.NewTimer(w.linger)
	defer linger.Stop()
	for len(rows) < w.batch {
		select {
		case d := <-w.queue:
			rows = append(rows, d)
		case <-linger.C:
			return rows
		case <-ctx.Done():
			return rows
		}
	}
	return rows
}

// write tries until the rows are written or refused, and tells whether they are
// dealt with; false means that ctx has ended first.
func (w *DeliveryWriter) write(ctx context.Context, rows []ledger.Delivery) bool {
	pause := w.pause
	for {
		err := w.try(ctx, rows)
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		if !errors.Is(err, ledger.ErrUnavailable) {
			w.writeSingly(ctx, rows)
			return true
		}
		w.log.Info("delivery log waits for Postgres", "rows", len(rows), "pause", pause.String(), "error", err.Error())
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return false
		}
		pause = min(2*pause, w.maxPause)
	}
}

// writeSingly saves what can be saved of a batch that was refused: one row that
// can't be stored must not hold up the log for ever.
func (w *DeliveryWriter) writeSingly(ctx context.Context, rows []ledger.Delivery) {
	for _, row := range rows {
		if err := w.try(ctx, []ledger.Delivery{row}); err != nil {
			w.metrics.DeliveriesDropped.Inc()
			w.log.Error(err, "delivery row dropped", "requestID", row.RequestID)
		}
	}
}

func (w *DeliveryWriter) try(ctx context.Context, rows []ledger.Delivery) error {
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	return w.insert(ctx, rows)
}

// flushRest writes what is left within a bounded time and counts the rest as
// dropped.
func (w *DeliveryWriter) flushRest(rows []ledger.Delivery) error {
	ctx, cancel := context.WithTimeout(context.Background(), w.flush)
	defer cancel()
	for {
		for len(rows) < w.batch && len(w.queue) > 0 {
			rows = append(rows, <-w.queue)
		}
		if len(rows) == 0 {
			return nil
		}
		if !w.write(ctx, rows) {
			lost := len(rows) + len(w.queue)
			w.metrics.DeliveriesDropped.Add(float64(lost))
			w.log.Info("delivery log rows lost at shutdown", "rows", lost)
			return nil
		}
		rows = nil
	}
}
