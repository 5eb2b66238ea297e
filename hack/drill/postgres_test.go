package drill

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// sqlNotBooked are orders whose cost the cluster calls recorded, and the books do
// not know: docs/disaster-recovery.md has it for people.
const sqlNotBooked = `
SELECT o.name FROM orders o
LEFT JOIN zma_cost_tracking c ON (c.namespace, c.source, c.external_id) = (o.namespace, o.source, o.external_id) AND c.state = 'settled'
WHERE o.actual_total_cents IS NOT NULL AND c.attempt IS NULL AND o.deleted_at IS NULL`

// TestTheLossOfPostgresBuysNothingTwice takes the worst of all backups, an empty
// database. What is under way is followed and booked; the mirror is rebuilt; what
// had been booked before is found, and booked again when a person asks for it.
func TestTheLossOfPostgresBuysNothingTwice(t *testing.T) {
	t.Parallel()
	lasting := []string{"delivered", "placed", "rejected", "cancelled", "held", "doubtful", "unanswered", "processing"}
	few := slices.DeleteFunc(kinds(), func(k kind) bool { return !slices.Contains(lasting, k.name) })
	s := &site{t: t, ground: newGround(t), namespace: "drill-books", kinds: few}
	s.open(newCluster(t))
	defer s.explain()
	s.work()
	s.controller.Kill()
	s.webhook.Kill()

	s.newDatabase()
	s.sim.ClearFaults()
	if out := s.command("mirror", "rebuild"); !strings.Contains(out, fmt.Sprintf("%d orders of the cluster mirrored", len(s.orders))) {
		t.Errorf("the rebuild says: %s", out)
	}
	if err := s.notMirrored(); err != nil {
		t.Error(err)
	}
	s.book()
	s.release(heldAccount)
	s.start()
	s.redeliver()
	if err := eventually(s.wrong); err != nil {
		t.Fatal(err)
	}
}

// book has orders recorded anew whose settlement the books have lost.
func (s *site) book() {
	s.t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, s.database)
	s.must(err)
	defer func() { _ = conn.Close(ctx) }()
	rows, err := conn.Query(ctx, sqlNotBooked)
	s.must(err)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	s.must(err)
	if len(names) == 0 {
		s.t.Error("no order is found that is not booked")
	}
	orders, err := s.list()
	s.must(err)
	for _, o := range orders {
		if !slices.Contains(names, o.Name) {
			continue
		}
		o.Status.Conditions = slices.DeleteFunc(o.Status.Conditions, func(c metav1.Condition) bool {
			return c.Type == v1alpha1.ConditionCostRecorded || c.Type == v1alpha1.ConditionReady
		})
		s.must(s.client.Status().Update(ctx, o))
	}
}
