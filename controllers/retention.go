package controllers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/act"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/internal/ledger"
	"github.com/zma-operator/zma-operator/internal/telemetry"
)

const (
	// retentionBatch is how many orders the ledger is asked about at a time.
	retentionBatch = 200
	// retentionMost bounds one pass, and retentionPace its deletions: nobody waits
	// for them, and they must not slow down those who are waited for.
	retentionMost = 600
	retentionPace = 50 * time.Millisecond
	// retentionEvery is the longest pause between two passes.
	retentionEvery = time.Minute
)

// RetentionLedger is what removing orders needs of the ledger.
type RetentionLedger interface {
	MayLeave(context.Context, []ledger.Leaver) ([]ledger.MayLeave, error)
	Release(context.Context, ledger.Release) error
	Audit(context.Context, ...ledger.AuditEntry) error
}

// Retention takes finished orders out of the cluster some time after their end. The
// ledger has to consent to each: it must hold the very version that goes, with its
// outcome, since from then on Postgres alone knows that the order was bought.
type Retention struct {
	// Client reads orders from a cache, and deletes them.
	Client client.Client
	// Ledger has the last word.
	Ledger RetentionLedger
	// After is how long a finished order stays.
	After time.Duration
	// Metrics of orders removed, and of failures.
	Metrics *telemetry.Metrics
	// Log of failures.
	Log logr.Logger
	// Now is the clock.
	Now func() time.Time
}

// +kubebuilder:rbac:groups=zma.dev,resources=zmaorders,verbs=delete

// NeedLeaderElection makes one of many replicas remove orders.
func (r *Retention) NeedLeaderElection() bool { return true }

// Start removes orders until the context ends.
func (r *Retention) Start(ctx context.Context) error {
	tick := time.NewTicker(min(retentionEvery, max(time.Second, r.After/10)))
	defer tick.Stop()
	for {
		if err := r.Pass(ctx); err != nil && ctx.Err() == nil {
			r.Metrics.RetentionErrors.WithLabelValues("orders").Inc()
			r.Log.Info("Finished orders could not be removed; trying again", "error", err.Error())
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Pass removes what may go, those that ended first first. Those that have to stay
// hold up no others.
func (r *Retention) Pass(ctx context.Context) error {
	due, err := r.due(ctx)
	if err != nil {
		return err
	}
	pace := time.NewTicker(retentionPace)
	defer pace.Stop()
	removed := 0
	var failed failures
	for batch := range slices.Chunk(due, retentionBatch) {
		consents, err := r.Ledger.MayLeave(ctx, leaversOf(batch))
		if err != nil {
			return errors.Join(failed.err(), err)
		}
		for _, c := range consents {
			gone, err := r.remove(ctx, batch[c.Index].order, c.Outcome)
			if errors.Is(err, ledger.ErrUnavailable) || ctx.Err() != nil {
				return errors.Join(failed.err(), err)
			}
			failed.add(err)
			if !gone {
				continue
			}
			if removed++; removed == retentionMost {
				return failed.err()
			}
			select {
			case <-ctx.Done():
				return failed.err()
			case <-pace.C:
			}
		}
	}
	return failed.err()
}

// failures keeps the first of many errors, and how many there were.
type failures struct {
	first error
	count int
}

func (f *failures) add(err error) {
	if err == nil {
		return
	}
	if f.count++; f.first == nil {
		f.first = err
	}
}

func (f *failures) err() error {
	if f.count < 2 {
		return f.first
	}
	return fmt.Errorf("%w, and %d more", f.first, f.count-1)
}

// finishedOrder is an order that ended.
type finishedOrder struct {
	order *v1alpha1.ZMAOrder
	since time.Time
}

// due lists the orders that ended long enough ago, oldest end first. They are those
// of the cache itself, and must not be changed.
func (r *Retention) due(ctx context.Context) ([]finishedOrder, error) {
	var orders v1alpha1.ZMAOrderList
	if err := r.Client.List(ctx, &orders, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("list orders: %w", err)
	}
	now := r.Now()
	var due []finishedOrder
	for i := range orders.Items {
		o := &orders.Items[i]
		since, ok := machine.Finished(o, now)
		if ok && now.Sub(since) >= r.After && v1alpha1.HasDerivedName(o) {
			due = append(due, finishedOrder{o, since})
		}
	}
	slices.SortStableFunc(due, func(a, b finishedOrder) int { return a.since.Compare(b.since) })
	return due, nil
}

func leaversOf(batch []finishedOrder) []ledger.Leaver {
	out := make([]ledger.Leaver, 0, len(batch))
	for _, f := range batch {
		o := f.order
		out = append(out, ledger.Leaver{Identity: v1alpha1.IdentityOf(o), UID: string(o.UID), ResourceVersion: o.ResourceVersion})
	}
	return out
}

// remove deletes an order as it was when the ledger was asked: a change in between
// wins, and the order stays.
func (r *Retention) remove(ctx context.Context, o *v1alpha1.ZMAOrder, outcome ledger.Outcome) (gone bool, err error) {
	if outcome == "" {
		closed, err := r.close(ctx, o)
		if err != nil || !closed {
			return false, err
		}
	}
	uid, version := o.UID, o.ResourceVersion
	err = r.Client.Delete(ctx, o.DeepCopy(), client.Preconditions{UID: &uid, ResourceVersion: &version})
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("delete order %s/%s: %w", o.Namespace, o.Name, err)
	}
	r.Metrics.RetentionRemoved.Inc()
	id := v1alpha1.IdentityOf(o)
	return true, r.Ledger.Audit(ctx, ledger.AuditEntry{
		Actor: "controller", Action: ledger.ActionRemoveOrder, Namespace: o.Namespace, Object: o.Name,
		InputsDigest: ledger.InputsDigest(ledger.ActionRemoveOrder, id.Namespace, id.Source, id.ExternalID, string(uid), version),
		Detail:       map[string]string{"status": condition.ReadyReason(o)},
	})
}

// close puts the end of an order that never reserved anything on record: its webhook,
// sent again, would otherwise be a new order that may be bought. An order that took
// the place of the one that was read is left alone.
func (r *Retention) close(ctx context.Context, o *v1alpha1.ZMAOrder) (bool, error) {
	reason := condition.ReadyReason(o)
	if reason != v1alpha1.ReasonDenied && reason != v1alpha1.ReasonInvalid {
		return false, nil
	}
	record, err := json.Marshal(act.Record{Reason: reason})
	if err != nil {
		return false, fmt.Errorf("encode record: %w", err)
	}
	err = r.Ledger.Release(ctx, ledger.Release{
		Identity: v1alpha1.IdentityOf(o), Reason: reason, Actor: "controller", Outcome: ledger.OutcomeRefused, Record: record,
		Seen: &ledger.Leaver{UID: string(o.UID), ResourceVersion: o.ResourceVersion},
	})
	var attempt *ledger.ErrAttempt
	var mismatch *ledger.ErrMismatch
	if errors.As(err, &attempt) || errors.As(err, &mismatch) || errors.Is(err, ledger.ErrNotFound) {
		return false, nil // the ledger knows better
	}
	return err == nil, err
}
