package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/zma-operator/zma-operator/hack/e2e/proxy"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// points are both sides of every effect that an undisturbed order has.
func points() []proxy.Point {
	out := at(
		proxy.Reservation, proxy.Intent, proxy.TransitionAudit, proxy.PaidCall, proxy.Outcome, proxy.CallbackRow,
		proxy.Settlement, proxy.Placement, proxy.Mirror, proxy.Mail, proxy.MailSent,
	)
	for _, phase := range []proxy.Phase{proxy.Before, proxy.After} {
		// The worker claims again and again; with a mail to claim first after this.
		out = append(out, proxy.Point{Effect: proxy.MailClaim, Phase: phase, Since: proxy.Settlement})
	}
	return out
}

// TestCrashPoints kills the real process on both sides of every effect and starts
// it again: each order ends Ready, bought once, under one key, settled once.
func TestCrashPoints(t *testing.T) {
	for _, p := range points() {
		t.Run(p.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, settings{})
			if err := w.crashAt(p); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// crashAt sends an order, kills the operator at a point, starts it again, and
// tells what is wrong with the end.
func (w *world) crashAt(p proxy.Point) error {
	w.t.Helper()
	hit := w.trap.Arm(p, w.operator.Kill)
	defer w.trap.Disarm()
	const id = "1001"
	name := w.send(shop.NewOrder(id, item(zmasim.ProductOK)))
	select {
	case <-hit:
	case <-time.After(patience):
		return fmt.Errorf("the point %s was not reached", p)
	}
	if err := w.operator.Start(w.t.Context()); err != nil {
		return err
	}
	if _, err := w.await(name, "Ready", isReady); err != nil {
		return errors.Join(err, w.boughtOnce(id))
	}
	return errors.Join(w.boughtOnce(id), w.accountedOnce(id), w.confirmed(id), w.askedOnce(id, p), w.transitionsKept(id), w.nothingUnnamed())
}

// askedOnce checks that the outcome of the paid call was kept: a process that dies
// later neither makes the call again nor looks for what became of it.
func (w *world) askedOnce(externalID string, p proxy.Point) error {
	switch p.Effect {
	case proxy.Settlement, proxy.Placement, proxy.MailClaim, proxy.Mail, proxy.MailSent:
	default:
		return nil // the process may have died before the outcome was kept
	}
	calls := 0
	for _, r := range w.sim.Record().Requests {
		if r.Method == http.MethodPost && r.Identity == w.identity(externalID) {
			calls++
		}
	}
	// The orphan sweep reads the provider's list too; a look-up leaves a row.
	lookups, err := w.count("select count(*) from order_recovery_logs where external_id = $1", externalID)
	if err != nil || calls != 1 || lookups != 0 {
		return errors.Join(err, fmt.Errorf("order %s took %d paid calls and %d look-ups, though its outcome had been known", externalID, calls, lookups))
	}
	return nil
}

// transitionsKept looks for the order's way in its mirrored row: the audit row of a
// transition may be lost with the process, its history is not.
func (w *world) transitionsKept(externalID string) error {
	n, err := w.count(`select count(*) from orders where external_id = $1 and history @> '[{"reason": "Submitting"}, {"reason": "Placed"}]'`, externalID)
	if err != nil || n != 1 {
		return errors.Join(err, fmt.Errorf("the mirrored history of order %s lacks a transition", externalID))
	}
	return nil
}

// boughtOnce asks the provider's own record: one purchase, one key, one attempt.
func (w *world) boughtOnce(externalID string) error {
	record := w.sim.Record()
	if n := len(record.PurchasesOf(w.identity(externalID))); n != 1 {
		return fmt.Errorf("order %s was bought %d times", externalID, n)
	}
	if keys := record.KeysOf(w.identity(externalID)); len(keys) != 1 {
		return fmt.Errorf("order %s was asked for under %d keys: %v", externalID, len(keys), keys)
	}
	for _, r := range record.Requests {
		if r.Identity == w.identity(externalID) && r.Attempt != 1 {
			return fmt.Errorf("order %s had attempt %d", externalID, r.Attempt)
		}
	}
	return nil
}

// accountedOnce asks Postgres: one settlement, of what the provider debited, and
// one mail.
func (w *world) accountedOnce(externalID string) error {
	settled, err := w.count("select count(*) from zma_cost_tracking where external_id = $1 and state = 'settled'", externalID)
	if err != nil || settled != 1 {
		return fmt.Errorf("order %s has %d settlements: %v", externalID, settled, err)
	}
	total, err := w.count("select total_cents from zma_cost_tracking where external_id = $1", externalID)
	if err != nil {
		return err
	}
	if bought := w.sim.Record().PurchasesOf(w.identity(externalID)); int64(total) != bought[0].TotalCents {
		return fmt.Errorf("order %s is settled at %d cents, the provider debited %d", externalID, total, bought[0].TotalCents)
	}
	mails, err := w.count("select count(*) from email_outbox where external_id = $1", externalID)
	if err != nil || mails != 1 {
		return fmt.Errorf("order %s has %d mails in the outbox: %v", externalID, mails, err)
	}
	return nil
}

// confirmed waits until the mail has left and the mirror shows the order ready.
// A mail whose answer was lost may arrive twice, then under the same Message-ID.
func (w *world) confirmed(externalID string) error {
	if !eventually(func() bool {
		n, err := w.count("select count(*) from email_outbox where external_id = $1 and state = 'sent'", externalID)
		return err == nil && n == 1
	}) {
		return fmt.Errorf("the mail of order %s was not sent", externalID)
	}
	ids := map[string]bool{}
	for _, m := range w.sink.Messages() {
		ids[m.Header("Message-Id")] = true
	}
	if len(ids) != 1 {
		return fmt.Errorf("the mail of order %s arrived under %d Message-IDs", externalID, len(ids))
	}
	if !eventually(func() bool {
		n, err := w.count("select count(*) from orders where external_id = $1 and ready", externalID)
		return err == nil && n == 1
	}) {
		return fmt.Errorf("order %s is not mirrored as ready", externalID)
	}
	return nil
}
