package controllers

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
	"github.com/zma-operator/zma-operator/internal/telemetry"
)

var retentionNow = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

// consents answers for the ledger, by the order's name; what it is asked stays with it.
type consents struct {
	outcomes map[string]ledger.Outcome
	between  func()
	closed   []ledger.Release
	audited  []ledger.AuditEntry
	err      error
}

func (c *consents) MayLeave(_ context.Context, leavers []ledger.Leaver) (out []ledger.MayLeave, err error) {
	for i, l := range leavers {
		if outcome, ok := c.outcomes[l.Identity.ExternalID]; ok {
			out = append(out, ledger.MayLeave{Index: i, Outcome: outcome})
		}
	}
	if c.between != nil {
		c.between()
	}
	return out, c.err
}

func (c *consents) Release(_ context.Context, r ledger.Release) error {
	c.closed = append(c.closed, r)
	return nil
}

func (c *consents) Audit(_ context.Context, entries ...ledger.AuditEntry) error {
	c.audited = append(c.audited, entries...)
	return nil
}

// finishedAs is an order by hand that ended so long ago.
func finishedAs(name, reason string, ago time.Duration) *v1alpha1.ZMAOrder {
	at := metav1.NewTime(retentionNow.Add(-ago))
	o := &v1alpha1.ZMAOrder{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: "uid", Generation: 1}}
	o.Status.ObservedGeneration = 1
	o.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: reason, LastTransitionTime: at}}
	if reason == v1alpha1.ReasonDelivered {
		o.Status.Conditions[0].Status = metav1.ConditionTrue
		o.Status.Conditions = append(o.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionCostRecorded, Status: metav1.ConditionTrue, LastTransitionTime: at})
	}
	return o
}

func retention(t *testing.T, l RetentionLedger, orders ...client.Object) *Retention {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	m, err := telemetry.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return &Retention{
		Client: fake.NewClientBuilder().WithScheme(scheme).WithObjects(orders...).Build(),
		Ledger: l, After: time.Hour, Metrics: m, Log: logr.Discard(), Now: func() time.Time { return retentionNow },
	}
}

func (r *Retention) left(t *testing.T) (names []string) {
	t.Helper()
	var orders v1alpha1.ZMAOrderList
	if err := r.Client.List(t.Context(), &orders); err != nil {
		t.Fatal(err)
	}
	for i := range orders.Items {
		names = append(names, orders.Items[i].Name)
	}
	slices.Sort(names)
	return names
}

func TestOrdersLeaveWithTheConsentOfTheLedgerAlone(t *testing.T) {
	l := &consents{outcomes: map[string]ledger.Outcome{
		"bought": ledger.OutcomeBought, "young": ledger.OutcomeBought, "open": ledger.OutcomeBought, "denied": "", "rejected": "",
	}}
	r := retention(t, l,
		finishedAs("bought", v1alpha1.ReasonDelivered, 2*time.Hour),
		finishedAs("unmirrored", v1alpha1.ReasonDelivered, 2*time.Hour),
		finishedAs("young", v1alpha1.ReasonDelivered, 59*time.Minute),
		finishedAs("open", v1alpha1.ReasonProcessing, 2*time.Hour),
		finishedAs("denied", v1alpha1.ReasonDenied, 2*time.Hour),
		finishedAs("rejected", v1alpha1.ReasonRejected, 2*time.Hour))
	if err := r.Pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"open", "rejected", "unmirrored", "young"}, r.left(t)); diff != "" {
		t.Error(diff)
	}
	if len(l.closed) != 1 || l.closed[0].Identity.ExternalID != "denied" || l.closed[0].Outcome != ledger.OutcomeRefused || string(l.closed[0].Record) != `{"reason":"Denied"}` {
		t.Errorf("closed %+v, want the denied order as refused", l.closed)
	}
	if n := testutil.ToFloat64(r.Metrics.RetentionRemoved); n != 2 || len(l.audited) != 2 {
		t.Errorf("%v orders counted and %d audited, want 2", n, len(l.audited))
	}
}

// TestAnOrderThatCannotGoHoldsUpNoOthers: some rule of the cluster may forbid one.
func TestAnOrderThatCannotGoHoldsUpNoOthers(t *testing.T) {
	l := &consents{outcomes: map[string]ledger.Outcome{"a": ledger.OutcomeBought, "held": ledger.OutcomeBought, "kept": ledger.OutcomeBought, "z": ledger.OutcomeBought}}
	r := retention(t, l,
		finishedAs("kept", v1alpha1.ReasonDelivered, 4*time.Hour), finishedAs("held", v1alpha1.ReasonDelivered, 3*time.Hour),
		finishedAs("a", v1alpha1.ReasonDelivered, 2*time.Hour), finishedAs("z", v1alpha1.ReasonDelivered, 2*time.Hour))
	r.Client = interceptor.NewClient(r.Client.(client.WithWatch), interceptor.Funcs{
		Delete: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
			if o.GetName() == "held" || o.GetName() == "kept" {
				return apierrors.NewForbidden(schema.GroupResource{Resource: "zmaorders"}, o.GetName(), errors.New("on legal hold"))
			}
			return c.Delete(ctx, o, opts...)
		},
	})
	err := r.Pass(t.Context())
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "and 1 more") {
		t.Errorf("the pass ended with %v", err)
	}
	if diff := cmp.Diff([]string{"held", "kept"}, r.left(t)); diff != "" {
		t.Error(diff)
	}
}

// Somebody touches the order after the ledger has consented to it as it was.
func TestAChangeBeforeTheDeletionWins(t *testing.T) {
	l := &consents{outcomes: map[string]ledger.Outcome{"bought": ledger.OutcomeBought}}
	r := retention(t, l, finishedAs("bought", v1alpha1.ReasonDelivered, 2*time.Hour))
	l.between = func() {
		o := finishedAs("bought", v1alpha1.ReasonDelivered, 2*time.Hour)
		if err := r.Client.Get(t.Context(), client.ObjectKeyFromObject(o), o); err != nil {
			t.Fatal(err)
		}
		o.Annotations = map[string]string{v1alpha1.AnnotationRecover: "now"}
		if err := r.Client.Update(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(r.left(t)) != 1 || len(l.audited) != 0 {
		t.Errorf("the order that was changed has gone: %v, %v", r.left(t), l.audited)
	}
}

func TestNothingLeavesWhileTheLedgerIsAway(t *testing.T) {
	l := &consents{outcomes: map[string]ledger.Outcome{"bought": ledger.OutcomeBought}, err: ledger.ErrUnavailable}
	r := retention(t, l, finishedAs("bought", v1alpha1.ReasonDelivered, 2*time.Hour))
	if err := r.Pass(t.Context()); !errors.Is(err, ledger.ErrUnavailable) || len(r.left(t)) != 1 {
		t.Errorf("got %v, left %v", err, r.left(t))
	}
}

// failing upkeep names the step, and keeps the others from nothing.
type failingUpkeep struct {
	fail           string
	ensured, erase int
	dropped        time.Duration
	before         time.Time
}

var errUpkeep = errors.New("failed")

func (f *failingUpkeep) answer(step string) error {
	if f.fail == step {
		return errUpkeep
	}
	return nil
}

func (f *failingUpkeep) EnsurePartitions(context.Context) (int64, error) {
	f.ensured++
	return 0, f.answer("partitions")
}

func (f *failingUpkeep) DropDeliveries(_ context.Context, keep time.Duration) (ledger.Dropped, error) {
	f.dropped = keep
	return ledger.Dropped{Partitions: 1, Rows: 40}, f.answer("deliveries")
}

func (f *failingUpkeep) EraseEnded(_ context.Context, before time.Time, _ int) (ledger.Erasure, error) {
	f.before = before
	f.erase++
	return ledger.Erasure{Orders: int64(max(0, 3-f.erase))}, f.answer("personal_data")
}

func (f *failingUpkeep) EraseKept(context.Context) (int64, error) { return 0, nil }

func TestEachStepOfTheUpkeepStandsForItself(t *testing.T) {
	for _, fail := range []string{"", "partitions", "deliveries", "personal_data"} {
		m, err := telemetry.NewMetrics(prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		f := &failingUpkeep{fail: fail}
		u := &Upkeep{Ledger: f, Deliveries: 90 * 24 * time.Hour, PersonalData: 24 * time.Hour, Metrics: m, Log: logr.Discard(), Now: func() time.Time { return retentionNow }}
		if ok := u.Run(t.Context()); ok != (fail == "") {
			t.Errorf("%q failing: ok is %v", fail, ok)
		}
		if f.ensured != 1 || f.dropped != u.Deliveries || !f.before.Equal(retentionNow.Add(-u.PersonalData)) {
			t.Errorf("%q failing kept others from their work: %+v", fail, f)
		}
		if fail != "" && testutil.ToFloat64(m.RetentionErrors.WithLabelValues(fail)) != 1 {
			t.Errorf("%q failing is not counted", fail)
		}
		if erased := testutil.ToFloat64(m.RetentionErased); fail == "" && erased != 3 {
			t.Errorf("%v erased orders counted, want 3", erased)
		}
	}
}
