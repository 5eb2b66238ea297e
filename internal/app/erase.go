package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// ErrInCluster means that orders of the customer are still in the cluster, which
// would be mirrored again. Nothing was erased.
var ErrInCluster = errors.New("nothing was erased: orders of the customer are still in the cluster")

// erasurePage is how many orders are read from the cluster at a time.
const erasurePage = 500

// EraseOptions say whose personal data is erased.
type EraseOptions struct {
	// Customer is the sender's number for the customer: personal data.
	Customer string
	// Namespace of the customer's orders.
	Namespace string
}

// Bind defines the flags.
func (o *EraseOptions) Bind(f *pflag.FlagSet) {
	f.StringVar(&o.Customer, "customer", "", "spec.customer.id of the customer's orders")
	f.StringVarP(&o.Namespace, "namespace", "n", "default", "namespace of the orders")
}

// Erase erases the personal data of one customer from Postgres and prints how much
// that was. It returns ErrInCluster or *ledger.ErrNotErasable, which name the orders
// that stand in the way, and has then erased nothing. It may be repeated.
func Erase(ctx context.Context, env Environment, o EraseOptions) error {
	if o.Customer == "" || o.Namespace == "" {
		return errors.New("name the customer and the namespace of their orders")
	}
	c, l, err := connect(ctx, env)
	if err != nil {
		return err
	}
	defer l.Close()
	names, err := ordersOf(ctx, c, o)
	if err != nil {
		return err
	}
	if len(names) > 0 {
		return fmt.Errorf("%w: %s", ErrInCluster, strings.Join(names, ", "))
	}
	e, err := l.EraseCustomer(ctx, o.Namespace, o.Customer, whoAmI(ctx, c))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.Out, "erased: %d orders, %d items, %d mails, %d records of an end, %d costs\n",
		e.Orders, e.Items, e.Mails, e.Records, e.Costs)
	if err == nil && e.CostsKept > 0 {
		_, err = fmt.Fprintf(env.Out, "%d costs of the last 48 hours keep the customer's number for the limits of the day; "+
			"the controller empties them after that\n", e.CostsKept)
	}
	return err
}

// ordersOf names the customer's orders in the cluster.
func ordersOf(ctx context.Context, c client.Reader, o EraseOptions) (names []string, err error) {
	for next := ""; ; {
		var page v1alpha1.ZMAOrderList
		if err := c.List(ctx, &page, client.InNamespace(o.Namespace), client.Limit(erasurePage), client.Continue(next)); err != nil {
			return nil, fmt.Errorf("list orders: %w", err)
		}
		for i := range page.Items {
			if page.Items[i].Spec.Customer.ID == o.Customer {
				names = append(names, page.Items[i].Name)
			}
		}
		if next = page.Continue; next == "" {
			return names, nil
		}
	}
}
