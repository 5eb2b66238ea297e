package act

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// outcome is what is known of an attempt after a call. It can be put on the order as
// it was read, and on a newer state of it.
type outcome struct {
	// requestID that the provider gave; empty when it gave none.
	requestID string
	// apply puts the outcome into the status.
	apply func(*Task)
}

// writeOutcome writes an outcome that is in the status already. It outlives the
// shutdown of the process: what was bought must not be forgotten. When somebody else
// has changed the order meanwhile, the outcome is put on the fresh object, as far as
// that has a place for it.
func (x *Executors) writeOutcome(ctx context.Context, t *Task, o outcome) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), x.WriteTimeout)
	defer cancel()
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		err := x.WriteStatus(ctx, t)
		if err == nil {
			return nil
		}
		if IsChanged(err) {
			if err = x.rebase(ctx, t, o); err == nil {
				continue
			}
			if IsChanged(err) {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return &OutcomeUnknown{Err: err}
		case <-time.After(pause):
		}
	}
}

// rebase puts an outcome on the order as it is now. errChanged means that it has no
// place there any more: another process has gone on from the same intent, and what it
// has found out since must not be set back.
func (x *Executors) rebase(ctx context.Context, t *Task, o outcome) error {
	var fresh v1alpha1.ZMAOrder
	if err := x.Live.Get(ctx, client.ObjectKeyFromObject(t.Order), &fresh); err != nil {
		if apierrors.IsNotFound(err) {
			return fmt.Errorf("%w: it is gone", errChanged)
		}
		return err
	}
	mine, theirs := t.Order.Status.Submission, fresh.Status.Submission
	switch {
	case fresh.UID != t.Order.UID || theirs == nil || theirs.Attempt != mine.Attempt || theirs.IdempotencyKey != mine.IdempotencyKey:
		return fmt.Errorf("%w: it holds another attempt", errChanged)
	case !theirs.State.Unresolved() || theirs.RequestID != "":
		x.compareRequests(ctx, t, theirs, o)
		return fmt.Errorf("%w: the attempt has its outcome", errChanged)
	case !theirs.IntentAt.Equal(&mine.IntentAt) && o.requestID == "":
		// Of a later call nothing is known yet, and this one does not say more.
		return fmt.Errorf("%w: another call of the attempt was made", errChanged)
	}
	t.Stored, t.Order = fresh.DeepCopy(), &fresh
	o.apply(t)
	return nil
}

// compareRequests raises the alarm when the provider gave two requests for one key:
// then one of them is followed by nobody.
func (x *Executors) compareRequests(ctx context.Context, t *Task, theirs *v1alpha1.Submission, o outcome) {
	if o.requestID == "" || theirs.RequestID == o.requestID || t.Account == nil {
		return
	}
	const kind = "OrderOrphaned"
	log(ctx).Info("The provider gave another request for the same key", "requestID", o.requestID, "followed", theirs.RequestID)
	_, err := x.Ledger.RaiseAlert(ctx, ledger.Alert{
		// The key under which the sweep would find it, and which it resolves.
		Key: kind + "/" + t.Order.Namespace + "/" + t.Account.Name + "/" + o.requestID, Kind: kind, Severity: ledger.SeverityCritical,
		Namespace: t.Order.Namespace, Object: t.Order.Name, Summary: "The provider gave two requests for one key.", Runbook: "docs/runbooks/" + kind + ".md",
	})
	if err != nil {
		log(ctx).Info("Alert not raised", "kind", kind, "error", err.Error())
	}
}
