package notify

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/internal/ledger"
	"github.com/zma-operator/zma-operator/internal/secrets"
	"github.com/zma-operator/zma-operator/internal/telemetry"
)

// batch is how many mails are claimed and sent at once. All of them are sent
// side by side, so that one slow server does not use up another mail's lease.
const batch = 8

// Worker sends the mails of the outbox. It is a manager.Runnable. Several may
// run at once: a claim belongs to one of them.
type Worker struct {
	// Outbox that mails are claimed from.
	Outbox Outbox
	// Client reads policies and ConfigMaps of templates. It must not be one that
	// watches all ConfigMaps.
	Client client.Reader
	// Secrets reads credentials and certificates.
	Secrets *secrets.Reader
	// Metrics counts mails by kind and outcome; may be nil.
	Metrics *telemetry.Metrics
	// Log takes outbox IDs, kinds and categories, never a recipient or content.
	Log logr.Logger
	// Now is the clock.
	Now func() time.Time
	// Interval between looks at the outbox; 10 s when zero.
	Interval time.Duration
	// Lease of a claim; 2 minutes when zero. Half of it is for sending, a quarter
	// for recording the outcome, so that no claim runs out under its owner.
	Lease time.Duration
	// MaxAttempts before a mail is dead; 12 when zero, which is about half a day.
	MaxAttempts int
	// RetryBase is the widest first back-off; 1 minute when zero.
	RetryBase time.Duration
	// RetryLimit is the widest back-off of all; 1 hour when zero.
	RetryLimit time.Duration
	// Wake makes the worker look at once; may be nil. It is best fed without
	// blocking: one look serves any number of mails.
	Wake <-chan struct{}
	// AfterSend is called between the end of a sending and the record of its
	// outcome; may be nil. When it fails nothing is recorded, as if the process
	// had died there.
	AfterSend func(ctx context.Context, id int64, r Result) error
}

// errIncomplete means that a worker lacks what it can't do without.
var errIncomplete = errors.New("mail worker needs Outbox, Client, Secrets and Now")

// NeedLeaderElection is true: claims make several workers safe, but one is
// enough, and a replica that has lost its lease is to send nothing.
func (w *Worker) NeedLeaderElection() bool { return true }

// Start works until ctx ends. It then claims nothing more, and returns when what
// was claimed is sent and recorded, within three quarters of the lease.
func (w *Worker) Start(ctx context.Context) error {
	if w.Outbox == nil || w.Client == nil || w.Secrets == nil || w.Now == nil {
		return errIncomplete
	}
	w.setDefaults()
	wake := w.Wake
	for {
		w.drain(ctx)
		timer := time.NewTimer(w.Interval)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case _, open := <-wake:
			if !open {
				wake = nil
			}
		case <-timer.C:
		}
		timer.Stop()
	}
}

func (w *Worker) setDefaults() {
	w.Interval = orDefault(w.Interval, 10*time.Second)
	w.Lease = orDefault(w.Lease, 2*time.Minute)
	w.MaxAttempts = orDefault(w.MaxAttempts, 12)
	w.RetryBase = orDefault(w.RetryBase, time.Minute)
	w.RetryLimit = orDefault(w.RetryLimit, time.Hour)
}

func orDefault[T int | time.Duration](v, fallback T) T {
	if v <= 0 {
		return fallback
	}
	return v
}

// drain works batch by batch until no more mails are due.
func (w *Worker) drain(ctx context.Context) {
	for ctx.Err() == nil {
		n, err := w.turn(ctx)
		if err != nil {
			w.Log.Error(err, "The outbox could not be read")
			return
		}
		if n < batch {
			break
		}
	}
	w.gauge(ctx)
}

// turn claims one batch and brings each of its mails to an outcome. The end of
// ctx does not reach inside: a claim whose answer were thrown away would be
// taken for a mail that was perhaps sent.
func (w *Worker) turn(ctx context.Context) (int, error) {
	work, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.Lease/2)
	defer cancel()
	claimed, err := w.Outbox.ClaimMails(work, batch, w.Lease)
	if err != nil {
		return 0, fmt.Errorf("claim mails: %w", err)
	}
	loaded := w.loadPolicies(work, claimed)
	var wg sync.WaitGroup
	for _, m := range claimed {
		wg.Go(func() { w.process(work, m, loaded[policyOf(m)]) })
	}
	wg.Wait()
	return len(claimed), nil
}

// process sends one mail and records what became of it.
func (w *Worker) process(ctx context.Context, m ledger.ClaimedMail, p loadedPolicy) {
	r := w.deliver(ctx, m, p)
	if w.AfterSend != nil {
		if err := w.AfterSend(ctx, m.ID, r); err != nil {
			return
		}
	}
	record, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.Lease/4)
	defer cancel()
	w.settle(record, m, r)
}

// gauge shows how many mails wait. A failure is left to the next look.
func (w *Worker) gauge(ctx context.Context) {
	if w.Metrics == nil {
		return
	}
	if n, err := w.Outbox.OutboxPending(ctx); err == nil {
		w.Metrics.OutboxPending.Set(float64(n))
	}
}

func (w *Worker) backoff(attempt int32) time.Duration {
	return Backoff(attempt, w.RetryBase, w.RetryLimit, rand.Int64N)
}
