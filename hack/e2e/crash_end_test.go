package e2e

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// end is what is on record of an order: in the cluster, at the provider, and in
// Postgres.
type end struct {
	// Reason of Ready; gone when the object is.
	Reason string
	// Purchases by the provider's own record, and Keys that it was asked with.
	Purchases, Keys int
	// Ledger has each attempt and what became of its reservation.
	Ledger string
	// Outcome of the identity; empty while it is open.
	Outcome string
	// Mails in the outbox, by kind and state.
	Mails string
	// Mirror is the reason in the mirrored row, and whether it is marked as gone.
	Mirror string
	// Alerts by kind, and whether they are open.
	Alerts string
	// Asked and Audited are the verbs of handled requests, in the recovery log and
	// the audit trail.
	Asked, Audited string
}

// gone is the reason of an order that has left the cluster.
const gone = "gone"

// bought is the end of an undisturbed order.
func bought() end {
	return end{
		Reason: v1alpha1.ReasonPlaced, Purchases: 1, Keys: 1, Ledger: "1 settled", Outcome: "bought",
		Mails: "confirmation sent", Mirror: v1alpha1.ReasonPlaced,
	}
}

// with changes an end.
func (e end) with(change func(*end)) end {
	change(&e)
	return e
}

// comesTo waits until everything on record of the order is as wanted.
func (w *world) comesTo(name string, want end) error {
	w.t.Helper()
	var got end
	var err error
	if eventually(func() bool { got, err = w.record(name); return err == nil && got == want }) {
		return w.agree(name, got)
	}
	return errors.Join(err, fmt.Errorf("the order came to another end (-want +got):\n%s", cmp.Diff(want, got)))
}

// record reads everything that is on record of a story's order.
func (w *world) record(name string) (end, error) {
	var e end
	identity, err := w.reason(name, &e)
	if err != nil {
		return e, err
	}
	provider := w.sim.Record()
	e.Purchases, e.Keys = len(provider.PurchasesOf(identity)), len(provider.KeysOf(identity))
	for sql, into := range map[string]*string{
		`select coalesce(string_agg(a.attempt || ' ' || a.state || case when c.state <> a.state then '/' || c.state else '' end
			|| case when c.refunded_cents > 0 then ' refunded' else '' end, '; ' order by a.attempt), '')
			from order_attempts a left join zma_cost_tracking c using (namespace, source, external_id, attempt)`: &e.Ledger,
		`select coalesce(string_agg(outcome, '; '), '') from order_identities`:                                                      &e.Outcome,
		`select coalesce(string_agg(kind || ' ' || state, '; ' order by id), '') from email_outbox`:                                 &e.Mails,
		`select coalesce(string_agg(status_reason || case when deleted_at is null then '' else ' gone' end, '; '), '') from orders`: &e.Mirror,
		`select coalesce(string_agg(kind || case when resolved_at is null then ' open' else ' resolved' end, '; ' order by kind, id), '')
			from admin_alerts`: &e.Alerts,
		`select coalesce(string_agg(verb, '; ' order by id), '') from order_recovery_logs where actor <> 'controller'`:     &e.Asked,
		`select coalesce(string_agg(detail->>'verb', '; ' order by id), '') from audit_log where action = 'order.recover'`: &e.Audited,
	} {
		if err := w.text(into, sql); err != nil {
			return e, err
		}
	}
	return e, nil
}

// reason reads the order's reason and tells its identity. Each world has one order
// that counts, so one that is gone came by webhook.
func (w *world) reason(name string, e *end) (identity string, err error) {
	o, err := w.order(name)
	switch {
	case apierrors.IsNotFound(err):
		e.Reason = gone
		return w.identity(orderID), nil
	case err != nil:
		return "", err
	}
	e.Reason = readyReason(o)
	return v1alpha1.IdentityOf(o).String(), nil
}

// agree compares the ledger with the provider to the cent, and each attempt with
// its key: an attempt never changes its key, and a key never its attempt.
func (w *world) agree(name string, e end) error {
	identity, err := w.reason(name, &e)
	if err != nil {
		return err
	}
	record, attempts := w.sim.Record(), map[int64]string{}
	for _, r := range record.Requests {
		if r.Identity != identity || r.Key == "" {
			continue
		}
		if key, known := attempts[r.Attempt]; known && key != r.Key {
			return fmt.Errorf("attempt %d was sent under two keys", r.Attempt)
		}
		attempts[r.Attempt] = r.Key
	}
	if len(attempts) != e.Keys {
		return fmt.Errorf("%d attempts were sent under %d keys", len(attempts), e.Keys)
	}
	var spent int64
	for _, p := range record.PurchasesOf(identity) {
		spent += p.TotalCents
	}
	var settled string
	err = w.text(&settled, "select coalesce(sum(total_cents), 0)::text from zma_cost_tracking where state = 'settled'")
	if err == nil && e.Outcome == "bought" && settled != fmt.Sprint(spent) {
		return fmt.Errorf("%s cents are settled, the provider debited %d", settled, spent)
	}
	return err
}

// text runs a query that gives one text.
func (w *world) text(into *string, sql string) error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, w.database)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	return conn.QueryRow(ctx, sql).Scan(into)
}
