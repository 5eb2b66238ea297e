package ledger_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// order is a snapshot of one order's life: uid, age of creation, version.
func order(n int, uid string, created time.Time, version int) *v1alpha1.ZMAOrder {
	id := identity(n)
	return &v1alpha1.ZMAOrder{
		ObjectMeta: metav1.ObjectMeta{Namespace: id.Namespace, Name: v1alpha1.OrderNameFor(id.Source, id.ExternalID),
			UID: types.UID(uid), ResourceVersion: fmt.Sprint(version), Generation: 1, CreationTimestamp: metav1.NewTime(created)},
		Spec: v1alpha1.ZMAOrderSpec{
			AccountRef: v1alpha1.LocalReference{Name: "main"},
			Source:     &v1alpha1.OrderSource{Name: id.Source, ExternalID: id.ExternalID},
			Items:      []v1alpha1.OrderItem{{ProductID: "B000000001", Quantity: 2, Title: "Cup"}, {ProductID: "B000000002", Quantity: 1}},
			Customer:   v1alpha1.Customer{ID: "customer-1", Email: "someone@example.com"},
			Total:      v1alpha1.Money{Currency: "USD", AmountCents: 1000},
		},
		Status: v1alpha1.ZMAOrderStatus{Conditions: []metav1.Condition{
			{Type: "Ready", Status: metav1.ConditionFalse, Reason: fmt.Sprintf("Reason%d", version)}}},
	}
}

func TestTheMirrorKeepsTheNewestWhateverTheOrderOfArrival(t *testing.T) {
	seen := func(uid string, age time.Duration, version int) ledger.Snapshot {
		return ledger.Snapshot{Order: order(1, uid, noon.Add(age), version)}
	}
	deleted := func(s ledger.Snapshot) ledger.Snapshot { s.Deleted = true; return s }
	restored := func(s ledger.Snapshot) ledger.Snapshot { s.Epoch = 1; return s }
	tests := []struct {
		reason string
		given  []ledger.Snapshot
		want   string // uid, version, deleted
	}{
		{"newer wins", []ledger.Snapshot{seen("a", 0, 9), seen("a", 0, 10)}, "a 10 f"},
		{"older loses, compared as numbers", []ledger.Snapshot{seen("a", 0, 10), seen("a", 0, 9)}, "a 10 f"},
		{"a later life wins with a lower version", []ledger.Snapshot{seen("a", 0, 10), seen("b", time.Minute, 3)}, "b 3 f"},
		{"an earlier life loses with a higher version", []ledger.Snapshot{seen("b", time.Minute, 3), seen("a", 0, 10)}, "b 3 f"},
		{"lives of one second are told apart by version", []ledger.Snapshot{seen("b", 0, 12), seen("a", 0, 10)}, "b 12 f"},
		{"deletion is marked", []ledger.Snapshot{seen("a", 0, 10), deleted(seen("a", 0, 11))}, "a 11 t"},
		{"deletion seen with an old version is marked", []ledger.Snapshot{seen("a", 0, 10), deleted(seen("a", 0, 9))}, "a 10 t"},
		{"nothing brings a deleted life back", []ledger.Snapshot{deleted(seen("a", 0, 10)), seen("a", 0, 11)}, "a 11 t"},
		{"a new life is not deleted", []ledger.Snapshot{deleted(seen("a", 0, 10)), seen("b", time.Minute, 11)}, "b 11 f"},
		{"a past life's deletion does not touch the new one", []ledger.Snapshot{seen("b", time.Minute, 11), deleted(seen("a", 0, 12))}, "b 11 f"},
		{"after a restore lower versions are newer", []ledger.Snapshot{seen("a", 0, 10), restored(seen("a", 0, 5))}, "a 5 f"},
	}
	for _, together := range []bool{false, true} {
		d := newDB(t)
		for _, tc := range tests {
			t.Run(fmt.Sprintf("%s, in one batch %v", tc.reason, together), func(t *testing.T) {
				d.must(d.exec(`TRUNCATE orders CASCADE`))
				if together {
					d.must(d.Mirror(t.Context(), tc.given))
				} else {
					for _, s := range tc.given {
						d.must(d.Mirror(t.Context(), []ledger.Snapshot{s}))
					}
				}
				got := value[string](d, `SELECT concat_ws(' ', uid, resource_version, deleted_at IS NOT NULL) FROM orders`)
				if got != tc.want {
					t.Errorf("got %q, want %q", got, tc.want)
				}
			})
		}
	}
}

func TestTheMirrorStoresWhatReportsNeed(t *testing.T) {
	d := newDB(t)
	o := order(1, "a", noon, 7)
	o.Spec.Items[0].Title = "Cup\x00 of tea"
	o.Spec.ShippingAddress = v1alpha1.Address{FirstName: "Some", LastName: "One\x00"}
	o.Status.Submission = &v1alpha1.Submission{Attempt: 2, RequestID: "req-1", MaxPriceCents: 1500}
	o.Status.Cost = &v1alpha1.Cost{Actual: &v1alpha1.ActualCost{TotalCents: 900}}
	o.Status.Placement = &v1alpha1.Placement{PlacedAt: ptr(metav1.NewTime(noon.Add(time.Hour)))}
	o.Status.Conditions = []metav1.Condition{{Type: "Ready", Status: metav1.ConditionTrue, Reason: "Delivered"},
		{Type: "Delivered", Status: metav1.ConditionTrue, LastTransitionTime: metav1.NewTime(noon.Add(2 * time.Hour))}}
	d.must(d.Mirror(t.Context(), []ledger.Snapshot{{Order: o, CallbackTokenHash: []byte{0xab}, CallbackExpires: ptr(noon)}}))
	o.ResourceVersion = "8"
	d.must(d.Mirror(t.Context(), []ledger.Snapshot{{Order: o}}))
	got := value[string](d, `SELECT concat_ws(' ', status_reason, ready, stalled, request_id, attempt, account, customer_id,
		customer_email, total_cents, currency, max_price_cents, actual_total_cents, callback_token_hash,
		shipping_address->>'lastName', jsonb_array_length(conditions), placed_at - created_at, delivered_at - created_at) FROM orders`)
	want := `Delivered t f req-1 2 main customer-1 someone@example.com 1000 USD 1500 900 \xab One 2 01:00:00 02:00:00`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	items := value[string](d, `SELECT string_agg(concat_ws(' ', line_number, product_id, quantity, title), ', ' ORDER BY line_number) FROM order_items`)
	if want := "1 B000000001 2 Cup of tea, 2 B000000002 1 "; items != want {
		t.Errorf("items %q, want %q", items, want)
	}
}

func TestANewLifeHasItsOwnItems(t *testing.T) {
	d := newDB(t)
	d.must(d.Mirror(t.Context(), []ledger.Snapshot{{Order: order(1, "a", noon, 1)}}))
	next := order(1, "b", noon.Add(time.Minute), 2)
	next.Spec.Items = []v1alpha1.OrderItem{{ProductID: "B000000009", Quantity: 5}}
	d.must(d.Mirror(t.Context(), []ledger.Snapshot{{Order: next}}))
	d.must(d.Mirror(t.Context(), []ledger.Snapshot{{Order: order(1, "a", noon, 3)}}))
	got := value[string](d, `SELECT string_agg(product_id, ' ') FROM order_items`)
	if want := "B000000009"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOneBadOrderDoesNotHoldUpTheOthers(t *testing.T) {
	d := newDB(t)
	bad, unversioned := order(1, "a", noon, 1), order(2, "a", noon, 1)
	bad.Spec.Customer.Email = strings.Repeat("secret@example.com", 50)
	unversioned.ResourceVersion = "none"
	err := d.Mirror(t.Context(), []ledger.Snapshot{{Order: bad}, {Order: order(3, "a", noon, 1)}, {Order: unversioned}, {Order: order(4, "a", noon, 1)}})
	var row *ledger.MirrorRowError
	if !errors.As(err, &row) || !errors.Is(err, ledger.ErrInvalid) {
		t.Fatalf("got %v, want *MirrorRowError", err)
	}
	for _, name := range []string{bad.Name, unversioned.Name} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("the error does not name %s: %v", name, err)
		}
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the error carries personal data: %v", err)
	}
	if n := value[int64](d, `SELECT count(*) FROM orders`); n != 2 {
		t.Errorf("%d orders stored, want 2", n)
	}
}
