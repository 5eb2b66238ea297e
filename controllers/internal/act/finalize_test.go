package act

import (
	"context"
	"os"
	"slices"
	"testing"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/hack/stack/postgres"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// departure is executors over a fake API server and a real ledger, and what the audit
// trail held whenever an order was let go.
type departure struct {
	*Executors
	t    *testing.T
	conn *pgx.Conn
	held [][]string
}

func newDeparture(t *testing.T) *departure {
	t.Helper()
	server, err := postgres.Start(t.Context(), postgres.Options{Progress: os.Stderr})
	d := &departure{t: t}
	d.must(err)
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	url := server.NewDatabase(t)
	_, _, err = ledger.Migrate(t.Context(), url)
	d.must(err)
	d.conn, err = pgx.Connect(t.Context(), url)
	d.must(err)
	t.Cleanup(func() { _ = d.conn.Close(context.Background()) })
	x, api, _ := bench(t)
	c := x.Config
	// A lock that a test holds is not waited for.
	books, err := ledger.Open(t.Context(), ledger.Options{URL: url + "&lock_timeout=50", Now: c.Now})
	d.must(err)
	t.Cleanup(books.Close)
	c.Ledger = books
	c.Client = interceptor.NewClient(api.(client.WithWatch), interceptor.Funcs{
		Patch: func(ctx context.Context, w client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
			d.held = append(d.held, d.trailed())
			return w.Patch(ctx, o, p, opts...)
		},
	})
	d.Executors = New(c)
	return d
}

func (d *departure) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// trailed are the rows of the audit trail, as actionsOf lists them.
func (d *departure) trailed() []string {
	d.t.Helper()
	rows, err := d.conn.Query(d.t.Context(), `SELECT concat(action, ' ', detail->>'reason', detail->>'outcome') FROM audit_log ORDER BY id`)
	d.must(err)
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	d.must(err)
	return out
}

// deleted is an order with one accepted attempt, whose rows wait for the writer of
// the trail, which nobody starts. It has just been deleted.
func (d *departure) deleted() *Task {
	d.t.Helper()
	o := bought()
	o.Finalizers, o.Spec.Total.Currency = []string{v1alpha1.OrderFinalizer}, "USD"
	status := o.Status
	o.Status = v1alpha1.ZMAOrderStatus{}
	d.must(d.Client.Create(d.t.Context(), o))
	stored := o.DeepCopy()
	o.Status = status
	d.must(d.WriteStatus(d.t.Context(), &Task{Order: o, Stored: stored}))
	d.must(d.Client.Delete(d.t.Context(), o))
	left, err := d.left(o)
	d.must(err)
	return &Task{Order: left, Stored: left.DeepCopy()}
}

// left is an order as the API server has it.
func (d *departure) left(o *v1alpha1.ZMAOrder) (*v1alpha1.ZMAOrder, error) {
	var got v1alpha1.ZMAOrder
	err := d.Client.Get(d.t.Context(), client.ObjectKeyFromObject(o), &got)
	return &got, err
}

// TestADeletedOrderGoesOnlyWhenItsRowsAreInTheTrail: nobody could make them again.
// While the trail can't be written the order stays, and is looked at again.
func TestADeletedOrderGoesOnlyWhenItsRowsAreInTheTrail(t *testing.T) {
	d := newDeparture(t)
	task := d.deleted()
	if rows := d.trailed(); len(rows) != 0 || len(d.trail.rows) != 3 {
		t.Fatalf("%q are written, %d rows wait", rows, len(d.trail.rows))
	}
	lock, err := d.conn.Begin(t.Context())
	d.must(err)
	_, err = lock.Exec(t.Context(), `LOCK TABLE audit_log IN SHARE MODE`)
	d.must(err)
	err = d.Do(t.Context(), task, machine.Action{Kind: machine.Finalize})
	if again, retry := d.Translate(t.Context(), task, err); again == 0 && retry == nil {
		t.Error("nobody looks at the order again")
	}
	if o, err := d.left(task.Order); err != nil || len(o.Finalizers) == 0 || len(d.held) != 0 {
		t.Fatalf("while the trail can't be written: %v, let go with %q", err, d.held)
	}

	d.must(lock.Rollback(t.Context()))
	d.must(d.Do(t.Context(), task, machine.Action{Kind: machine.Finalize}))
	if _, err := d.left(task.Order); !apierrors.IsNotFound(err) {
		t.Errorf("the order is still there: %v", err)
	}
	want := []string{"order.transition Submitting", "order.transition Processing", "submit intended", "submit accepted"}
	if diff := cmp.Diff([][]string{want}, d.held); diff != "" {
		t.Errorf("in the trail when the order was let go: %s", diff)
	}
	d.must(d.Trail(logr.Discard()).flush(t.Context()))
	if diff := cmp.Diff(want, d.trailed()); diff != "" {
		t.Errorf("once the writer has written too: %s", diff)
	}
}

// TestWhatIsLearntOfADeletedOrderIsOnRecordToo: its end may become known in the same
// look at it in which it is let go.
func TestWhatIsLearntOfADeletedOrderIsOnRecordToo(t *testing.T) {
	d := newDeparture(t)
	task := d.deleted()
	sub := task.Order.Status.Submission
	sub.State, sub.ErrorCode = v1alpha1.SubmissionRejected, "product_unavailable"
	condition.Stall(task.Order, v1alpha1.ReasonRejected, "The provider has refused it.", metav1.NewTime(d.Now()))
	d.must(d.Do(t.Context(), task, machine.Action{Kind: machine.Finalize}))
	want := []string{
		"order.transition Submitting", "order.transition Processing", "order.transition Rejected",
		"submit intended", "submit rejected",
	}
	if len(d.held) != 1 || !containsAll(d.held[0], want) {
		t.Errorf("in the trail when the order was let go: %q, want %q", d.held, want)
	}
	var reason, state string
	d.must(d.conn.QueryRow(t.Context(), `SELECT status_reason, status->'submission'->>'state' FROM orders WHERE deleted_at IS NOT NULL`).Scan(&reason, &state))
	if reason != v1alpha1.ReasonRejected || state != string(v1alpha1.SubmissionRejected) {
		t.Errorf("in the mirror it is %s, its attempt %s", reason, state)
	}
}

// TestAnOrderOfAWrongNameLeavesItsRows, though it has no other record and this process
// has not seen it before.
func TestAnOrderOfAWrongNameLeavesItsRows(t *testing.T) {
	d := newDeparture(t)
	o := bought()
	o.Finalizers, o.Spec.Source, o.Status.Submission = []string{v1alpha1.OrderFinalizer}, &v1alpha1.OrderSource{Name: "web", ExternalID: "other"}, nil
	status := o.Status
	d.must(d.Client.Create(t.Context(), o))
	o.Status = status
	d.must(d.Client.Status().Update(t.Context(), o))
	d.must(d.WriteStatus(t.Context(), &Task{Order: o, Stored: o.DeepCopy()})) // as when it is looked at
	d.must(d.Client.Delete(t.Context(), o))
	left, err := d.left(o)
	d.must(err)
	d.must(d.Do(t.Context(), &Task{Order: left, Stored: left.DeepCopy()}, machine.Action{Kind: machine.Finalize}))
	d.must(d.Trail(logr.Discard()).flush(t.Context()))
	if rows := d.trailed(); !containsAll(rows, []string{"order.transition Submitting", "order.transition Processing"}) {
		t.Errorf("the trail holds %q", rows)
	}
}

func containsAll(have, want []string) bool {
	return !slices.ContainsFunc(want, func(w string) bool { return !slices.Contains(have, w) })
}
