package ledger_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// person is who must be found nowhere once erased: each string is theirs alone.
var person = []string{"cust-erasee", "erasee@example.org", "Erasmus", "Zwyndrecht", "17 Vanishing Lane", "EX4 7QQ", "+15035550177",
	"Happy birthday Erasmus", "Engraved: E.Z.", "1Z-PARCEL-77", "https://carrier.example/1Z-PARCEL-77"}

// erasee is an order that holds all of them.
func erasee(n int) *v1alpha1.ZMAOrder {
	o := order(n, fmt.Sprintf("uid-%d", n), noon, 5)
	o.Spec.Customer = v1alpha1.Customer{ID: person[0], Email: person[1]}
	o.Spec.ShippingAddress = v1alpha1.Address{FirstName: person[2], LastName: person[3], Line1: person[4], City: "Portland", PostalCode: person[5], Country: "US", Phone: person[6]}
	o.Spec.Gift = &v1alpha1.Gift{Message: person[7]}
	o.Spec.Items = []v1alpha1.OrderItem{{ProductID: "B000000001", Quantity: 1, Title: person[8], Variants: []v1alpha1.Variant{{Dimension: "text", Value: person[8]}}}}
	o.Annotations = map[string]string{"shop.example/customer": person[1]}
	o.Status.Placement = &v1alpha1.Placement{MerchantOrderIDs: []string{"114-1"}, Tracking: []v1alpha1.Tracking{{Number: person[9], URL: person[10]}}}
	o.Status.Conditions = []metav1.Condition{{Type: "Ready", Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonDelivered, Message: "Delivered to " + person[4]}}
	return o
}

// bought buys an order of the person, mails and mirrors it.
func (d *db) bought(n int, deleted bool) {
	d.t.Helper()
	ctx := d.t.Context()
	r := reservation(n, 1)
	r.CustomerID, r.Order = person[0], erasee(n)
	d.mustReserve(r)
	s := settlement(n, 1)
	s.Record = []byte(`{"reason":"Placed","attempt":1,"requestID":"req-1","note":"for Erasmus","placement":{"merchantOrderIDs":["114-1"],"tracking":[{"number":"1Z-PARCEL-77"}]}}`)
	s.Mail = &ledger.Mail{Identity: identity(n), Kind: "order-placed", Transition: "1", Policy: "mails", Recipient: person[1], Data: []byte(`{"name":"Erasmus"}`)}
	d.must(d.Settle(ctx, s))
	d.must(d.Mirror(ctx, []ledger.Snapshot{{Order: erasee(n), Deleted: deleted}}))
}

// sent sends what waits.
func (d *db) sent() {
	d.t.Helper()
	mails, err := d.ClaimMails(d.t.Context(), 100, time.Minute)
	d.must(err)
	for _, m := range mails {
		d.must(d.MailSent(d.t.Context(), m.ID))
	}
}

// found names the tables that hold any of the person's strings, in whatever column.
func (d *db) found() (out []string) {
	d.t.Helper()
	conn := connect(d.t, d.url)
	rows, err := conn.Query(d.t.Context(), `SELECT c.oid::regclass::text FROM pg_class c
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace ORDER BY 1`)
	d.must(err)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	d.must(err)
	for _, name := range names {
		for _, s := range person {
			// A document escapes what a text does not: both forms are looked for.
			var there bool
			d.must(conn.QueryRow(d.t.Context(), `SELECT EXISTS (SELECT FROM `+name+` x WHERE strpos(x::text, $1) > 0 OR strpos(to_jsonb(x)::text, $1) > 0)`, s).Scan(&there))
			if there {
				out = append(out, name+": "+s)
			}
		}
	}
	return out
}

func (d *db) balanced() ledger.Books {
	d.t.Helper()
	books, err := d.Books(d.t.Context(), "")
	d.must(err)
	if len(books.Differences) > 0 {
		d.t.Errorf("the books do not balance: %+v", books.Differences)
	}
	return books
}

// TestErasingACustomerLeavesTheChainValid erases a customer of two orders: nothing of
// them is left in any table, nothing of anybody else is gone, the books say what they
// said, the audit chain holds, and nothing is bought again.
func TestErasingACustomerLeavesTheChainValid(t *testing.T) {
	d := newDB(t)
	ctx := t.Context()
	for n := range 2 {
		d.bought(n, true)
	}
	d.sent()
	other := order(5, "other", noon, 5)
	other.Spec.Customer = v1alpha1.Customer{ID: "customer-5", Email: "five@example.com"}
	d.must(d.Mirror(ctx, []ledger.Snapshot{{Order: other, Deleted: true}}))
	if len(d.found()) < 2*len(person)/2 {
		t.Fatalf("the person is hardly there to begin with: %v", d.found())
	}
	seal := d.NewAuditSealer()
	_, err := seal.Seal(ctx)
	d.must(err)
	before := d.balanced()

	d.clock.add(72 * time.Hour)
	e, err := d.EraseCustomer(ctx, "shop", person[0], "privacy officer")
	d.must(err)
	if diff := cmp.Diff(ledger.Erasure{Orders: 2, Items: 2, Mails: 2, Records: 2, Costs: 2}, e); diff != "" {
		t.Error(diff)
	}
	if found := d.found(); len(found) > 0 {
		t.Errorf("still there: %s", strings.Join(found, ", "))
	}
	if got := value[string](d, `SELECT customer_email FROM orders WHERE erased_at IS NULL`); got != "five@example.com" {
		t.Errorf("the other customer's mail is %q", got)
	}
	if diff := cmp.Diff(before, d.balanced()); diff != "" {
		t.Errorf("the books changed: %s", diff)
	}
	_, err = seal.Seal(ctx)
	d.must(err)
	report, err := d.VerifyAudit(ctx, nil)
	d.must(err)
	if !report.Sound() {
		t.Errorf("the audit chain: %v", report.Findings)
	}
	if got := value[string](d, `SELECT string_agg(action || ' ' || actor, ', ' ORDER BY id) FROM audit_log WHERE action LIKE '%erase'`); strings.Count(got, "order.erase privacy officer") != 2 || strings.Count(got, "customer.erase privacy officer") != 1 {
		t.Errorf("the audit trail says %s", got)
	}
	if _, err := d.Reserve(ctx, reservation(1, 2)); kind(err) != "closed" {
		t.Errorf("an erased order is reserved again: %v", err)
	}
	h, err := d.History(ctx, identity(1))
	d.must(err)
	if want := `{"reason": "Placed", "attempt": 1, "placement": {"merchantOrderIDs": ["114-1"]}, "requestID": "req-1"}`; string(h.Record) != want {
		t.Errorf("the record of the end is %s, want %s", h.Record, want)
	}
	again, err := d.EraseCustomer(ctx, "shop", person[0], "privacy officer")
	if diff := cmp.Diff(ledger.Erasure{}, again); err != nil || diff != "" {
		t.Errorf("a repeat: %v %s", err, diff)
	}
}

func TestErasureIsRefusedWhileAnOrderIsNotAtItsEnd(t *testing.T) {
	tests := []struct {
		reason, why string
		prepare     func(*db)
	}{
		{"its object would be mirrored again", "is in the cluster", func(d *db) { d.bought(1, false); d.sent() }},
		{"the mail needs its recipient", "has a mail to send", func(d *db) { d.bought(1, true) }},
		{"it may have been bought", "is open", func(d *db) {
			r := reservation(1, 1)
			r.CustomerID = person[0]
			d.mustReserve(r)
			d.must(d.Mirror(d.t.Context(), []ledger.Snapshot{{Order: erasee(1), Deleted: true}}))
		}},
		{"the mirror has not seen it yet", "is open", func(d *db) {
			r := reservation(1, 1)
			r.CustomerID = person[0]
			d.mustReserve(r)
		}},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			d := newDB(t)
			d.bought(2, true)
			d.sent()
			tc.prepare(d)
			before := d.found()
			_, err := d.EraseCustomer(t.Context(), "shop", person[0], "somebody")
			var refused *ledger.ErrNotErasable
			if !errors.As(err, &refused) || len(refused.Orders) != 1 || refused.Orders[0].Why != tc.why {
				t.Fatalf("got %v, want one order that %s", err, tc.why)
			}
			for _, s := range person {
				if strings.Contains(err.Error(), s) {
					t.Errorf("the refusal tells %q", s)
				}
			}
			if diff := cmp.Diff(before, d.found()); diff != "" {
				t.Errorf("something was erased: %s", diff)
			}
		})
	}
}

// The day's limit counts what an erased customer has spent on it; afterwards nobody
// needs the number any more.
func TestAnErasedCustomerKeepsTheLimitOfTheDay(t *testing.T) {
	d := newDB(t)
	ctx := t.Context()
	d.bought(1, true)
	d.sent()
	e, err := d.EraseCustomer(ctx, "shop", person[0], "somebody")
	if d.must(err); e.CostsKept != 1 || e.Costs != 0 || e.Orders != 1 {
		t.Fatalf("erased %+v, want one cost kept", e)
	}
	next := reservation(2, 1)
	next.CustomerID, next.Limits = person[0], ledger.Limits{PerCustomerDailyCents: ptr(int64(1500))}
	if _, err := d.Reserve(ctx, next); kind(err) != "limit:customerDaily" {
		t.Errorf("the limit of the day does not count what was spent: %v", err)
	}
	if n, err := d.EraseKept(ctx); err != nil || n != 0 {
		t.Errorf("%d numbers emptied on the same day, %v", n, err)
	}
	d.clock.add(49 * time.Hour)
	if n, err := d.EraseKept(ctx); err != nil || n != 1 {
		t.Errorf("%d numbers emptied two days later, %v; want 1", n, err)
	}
	if found := d.found(); len(found) > 0 {
		t.Errorf("still there: %s", strings.Join(found, ", "))
	}
}

func TestPersonalDataGoesWhenTheOrderHasLongGone(t *testing.T) {
	d := newDB(t)
	ctx := t.Context()
	d.bought(1, true)
	d.sent()
	d.bought(2, true) // its mail waits
	d.clock.add(72 * time.Hour)
	d.bought(3, true)
	d.bought(4, false)
	before := d.balanced()
	e, err := d.EraseEnded(ctx, d.clock.now().Add(-48*time.Hour), 10)
	if d.must(err); e.Orders != 1 {
		t.Errorf("erased %+v, want one order", e)
	}
	if got := value[string](d, `SELECT string_agg(external_id, ' ') FROM orders WHERE erased_at IS NOT NULL`); got != identity(1).ExternalID {
		t.Errorf("erased %q, want the first", got)
	}
	if diff := cmp.Diff(before, d.balanced()); diff != "" {
		t.Errorf("the books changed: %s", diff)
	}
	if e, err := d.EraseEnded(ctx, d.clock.now().Add(-48*time.Hour), 10); err != nil || e.Rows() != 0 {
		t.Errorf("a repeat erased %+v, %v", e, err)
	}
}
