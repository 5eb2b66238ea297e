package app

import (
	"context"
	"errors"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// rebuildPage is how many orders are read from the cluster, and mirrored, at a time.
const rebuildPage = 100

// RebuildMirror mirrors every order of the cluster anew; namespace "all" means each.
// What the mirror knows of orders that are not in the cluster stays. Orders that the
// ledger refuses do not hold up the others, and are in the error.
func RebuildMirror(ctx context.Context, env Environment, namespace string) error {
	c, l, err := connect(ctx, env)
	if err != nil {
		return err
	}
	defer l.Close()
	if _, err := l.BeginEpoch(ctx, ledger.EpochRebuild, whoAmI(ctx, c)); err != nil {
		return err
	}
	options := []client.ListOption{client.Limit(rebuildPage)}
	if namespace != "all" {
		options = append(options, client.InNamespace(namespace))
	}
	orders, refused := 0, error(nil)
	for next := ""; ; {
		var page v1alpha1.ZMAOrderList
		if err := c.List(ctx, &page, append(options, client.Continue(next))...); err != nil {
			return fmt.Errorf("list orders: %w", err)
		}
		snapshots := controllers.Snapshots(page.Items)
		if err := l.Mirror(ctx, snapshots); errors.Is(err, ledger.ErrUnavailable) {
			return err
		} else if err != nil {
			refused = errors.Join(refused, err)
		}
		orders += len(snapshots)
		if next = page.Continue; next == "" {
			_, err := fmt.Fprintf(env.Out, "%d orders of the cluster mirrored\n", orders)
			return errors.Join(err, refused)
		}
	}
}
