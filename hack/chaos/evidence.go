package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/jackc/pgx/v5"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/chaos/oracle"
)

// evidence gathers what cluster, provider, database and mail server say now.
func (w *world) evidence(ctx context.Context) (oracle.Evidence, error) {
	e := oracle.Evidence{Record: w.sim.Record(), Orders: map[string]oracle.Order{}}
	var orders v1alpha1.ZMAOrderList
	err := w.client.List(ctx, &orders, client.InNamespace(w.options.Namespace))
	if err != nil {
		return e, err
	}
	for i := range orders.Items {
		e.Orders[externalID(&orders.Items[i])] = seen(&orders.Items[i])
	}
	if e.Movements, err = w.movements(ctx); err != nil {
		return e, err
	}
	for _, m := range w.sink.Messages() {
		e.MailsSeen = append(e.MailsSeen, strings.Trim(m.Header("Message-Id"), "<>"))
	}
	return e, w.query(ctx, &e)
}

func seen(o *v1alpha1.ZMAOrder) oracle.Order {
	out := oracle.Order{
		Reason:      readyReason(o),
		Ready:       meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionReady),
		Stalled:     meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionStalled),
		Reconciling: meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionReconciling),
		Conditions:  conditions(o),
	}
	if c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionCancelled); c != nil {
		out.CancelAnswer = c.Reason
	}
	if s := o.Status.Submission; s != nil {
		out.Attempt, out.Key, out.RequestID = s.Attempt, s.IdempotencyKey, s.RequestID
	}
	return out
}

// movements asks the provider for the movements of its balance, past the link.
func (w *world) movements(ctx context.Context) ([]oracle.Movement, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.sim.URL()+"/v1/addax/transactions?count=1000000", nil)
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth("sim-token", "")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }() // read or given up
	var page struct {
		Transactions []struct {
			RequestID string `json:"request_id"`
			Amount    int64  `json:"amount"`
		} `json:"transactions"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&page); err != nil {
		return nil, fmt.Errorf("read the provider's transactions (%s): %w", resp.Status, err)
	}
	var out []oracle.Movement
	for _, t := range page.Transactions {
		out = append(out, oracle.Movement{RequestID: t.RequestID, Cents: t.Amount})
	}
	return out, nil
}

// query reads ledger, mirror and outbox, past the link.
func (w *world) query(ctx context.Context, e *oracle.Evidence) error {
	conn, err := pgx.Connect(ctx, w.database)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }() // nothing was changed
	if e.Attempts, err = attempts(ctx, conn); err != nil {
		return fmt.Errorf("read the ledger: %w", err)
	}
	if e.Mirrors, err = mirrors(ctx, conn); err != nil {
		return fmt.Errorf("read the mirror: %w", err)
	}
	if e.Outbox, err = outbox(ctx, conn); err != nil {
		return fmt.Errorf("read the outbox: %w", err)
	}
	return nil
}
