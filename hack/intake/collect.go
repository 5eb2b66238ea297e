package intake

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/hack/intake/oracle"
)

// logPatience is how long the delivery log may take to be complete, beside the
// time that PostgreSQL was away: a writer that doubles its pauses looks for it no
// later than that.
const logPatience = 20 * time.Second

// slack is how long replicas may not know what the others have let pass, as the
// package of the limits states it.
const slack = 2 * time.Second

// collect gathers what there is to judge by.
func (r *run) collect(ctx context.Context, deliveries []oracle.Delivery) (e oracle.Evidence, err error) {
	l := narrowLimit()
	e = oracle.Evidence{
		Namespace: r.site.Namespace, Deliveries: deliveries, Kills: r.kills,
		Limits: map[string]oracle.Limit{narrow: {PerMinute: int(l.PerMinute), Burst: int(l.Burst), Replicas: len(r.service.replicas), Slack: slack}},
	}
	if e.Objects, err = r.objects(ctx); err != nil {
		return e, err
	}
	if e.Leaks, err = r.leaks(); err != nil {
		return e, err
	}
	for deadline := time.Now().Add(r.away + logPatience); ; {
		if e.Rows, err = r.rows(ctx); err != nil {
			return e, err
		}
		if e.Dropped, err = r.dropped(ctx); err != nil {
			return e, err
		}
		missing, _ := oracle.Missing(e)
		if len(missing) <= e.Dropped || time.Now().After(deadline) {
			return e, nil
		}
		if err := sleep(ctx, 500*time.Millisecond); err != nil {
			return e, err
		}
	}
}

// objects reads all orders as plain JSON.
func (r *run) objects(ctx context.Context) ([]oracle.Object, error) {
	var out []oracle.Object
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(schema.GroupVersionKind{Group: "zma.dev", Version: "v1alpha1", Kind: "ZMAOrderList"})
	for {
		if err := r.site.Client.List(ctx, list, client.InNamespace(r.site.Namespace), client.Limit(1000), client.Continue(list.GetContinue())); err != nil {
			return nil, fmt.Errorf("list the orders: %w", err)
		}
		for _, o := range list.Items {
			found, err := object(o)
			if err != nil {
				return nil, err
			}
			out = append(out, found)
		}
		if list.GetContinue() == "" {
			return out, nil
		}
	}
}

func object(o unstructured.Unstructured) (oracle.Object, error) {
	out := oracle.Object{Name: o.GetName(), Created: o.GetCreationTimestamp().Time}
	var err error
	if out.Source, _, err = unstructured.NestedString(o.Object, "spec", "source", "name"); err != nil {
		return out, err
	}
	if out.ExternalID, _, err = unstructured.NestedString(o.Object, "spec", "source", "externalID"); err != nil {
		return out, err
	}
	spec, err := json.Marshal(o.Object["spec"])
	if err != nil {
		return out, err
	}
	out.Content, err = oracle.ContentOf(spec)
	return out, err
}

// rows reads the delivery log.
func (r *run) rows(ctx context.Context) ([]oracle.Row, error) {
	conn, err := pgx.Connect(ctx, r.site.Database)
	if err != nil {
		return nil, fmt.Errorf("read the delivery log: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // nothing is left to do on it
	found, err := conn.Query(ctx, `SELECT request_id, order_name, status FROM webhook_deliveries ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("read the delivery log: %w", err)
	}
	return pgx.CollectRows(found, func(row pgx.CollectableRow) (out oracle.Row, err error) {
		return out, row.Scan(&out.RequestID, &out.Order, &out.Status)
	})
}

// dropped counts the rows that the replicas say they have dropped. What a killed
// one had counted is forgotten, which can only make the judgement harder.
func (r *run) dropped(ctx context.Context) (int, error) {
	total := 0.0
	for _, replica := range r.service.replicas {
		m, err := replica.Metrics(ctx)
		if err != nil {
			return 0, err
		}
		n, _ := m.Sum("zma_webhook_deliveries_dropped_total", nil)
		total += n
	}
	return int(total), nil
}
