package act

import (
	"encoding/json"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// asked is an order as the webhook endpoint makes it.
func asked(changes ...func(*v1alpha1.ZMAOrder)) *v1alpha1.ZMAOrder {
	o := &v1alpha1.ZMAOrder{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "o", UID: "u", CreationTimestamp: metav1.NewTime(noon), Annotations: map[string]string{v1alpha1.AnnotationPayloadHash: "hash"}},
		Spec: v1alpha1.ZMAOrderSpec{
			AccountRef: v1alpha1.LocalReference{Name: "main"}, Retailer: "amazon", Total: v1alpha1.Money{Currency: "USD", AmountCents: 5000},
			Items:           []v1alpha1.OrderItem{{ProductID: "B000000001", Quantity: 1, Variants: []v1alpha1.Variant{{Dimension: "color", Value: "red"}}}},
			ShippingAddress: v1alpha1.Address{FirstName: "Ada", LastName: "Sample", Line1: "10 Main St", City: "Portland", State: "OR", PostalCode: "97201", Country: "US", Phone: "5035550199"},
		},
	}
	for _, c := range changes {
		c(o)
	}
	return o
}

func byHand(o *v1alpha1.ZMAOrder) { o.Annotations = nil }

func TestOrdersOfOneIdentityAreToldApart(t *testing.T) {
	payload := func(o *v1alpha1.ZMAOrder) { o.Annotations[v1alpha1.AnnotationPayloadHash] = "other" }
	street := func(o *v1alpha1.ZMAOrder) { o.Spec.ShippingAddress.Line1 = "11 Main St" }
	account := func(o *v1alpha1.ZMAOrder) { o.Spec.AccountRef.Name = "second" }
	for name, c := range map[string]struct {
		was, is *v1alpha1.ZMAOrder
		same    bool
	}{
		"the same again":   {asked(), asked(), true},
		"another product":  {asked(), asked(func(o *v1alpha1.ZMAOrder) { o.Spec.Items[0].ProductID = "B000000002" }), false},
		"another quantity": {asked(), asked(func(o *v1alpha1.ZMAOrder) { o.Spec.Items[0].Quantity = 2 }), false},
		"another variant":  {asked(), asked(func(o *v1alpha1.ZMAOrder) { o.Spec.Items[0].Variants[0].Value = "blue" }), false},
		"another total":    {asked(), asked(func(o *v1alpha1.ZMAOrder) { o.Spec.Total.AmountCents = 1 }), false},
		"another retailer": {asked(), asked(func(o *v1alpha1.ZMAOrder) { o.Spec.Retailer = "walmart" }), false},
		"another payload, as the endpoint sees it":        {asked(), asked(payload), false},
		"a hash that was copied to other goods":           {asked(), asked(func(o *v1alpha1.ZMAOrder) { o.Spec.Items[0].Quantity = 9 }), false},
		"an address that was corrected":                   {asked(street), asked(), true},
		"a source that was given another account":         {asked(), asked(account), true},
		"made by hand, the same again":                    {asked(byHand), asked(byHand), true},
		"made by hand, another street":                    {asked(byHand), asked(byHand, street), false},
		"made by hand, another person":                    {asked(byHand), asked(byHand, func(o *v1alpha1.ZMAOrder) { o.Spec.ShippingAddress.FirstName = "Eve" }), false},
		"made by hand, another account":                   {asked(byHand), asked(byHand, account), false},
		"made by hand from the one that the endpoint had": {asked(), asked(byHand), true},
	} {
		if got := contentsOf(c.was).same(c.is); got != c.same {
			t.Errorf("%s: same is %v", name, got)
		}
	}
}

// TestARecordedEndIsGivenToTheSameOrderAlone: another one would tell of goods that
// nobody bought.
func TestARecordedEndIsGivenToTheSameOrderAlone(t *testing.T) {
	other := asked(func(o *v1alpha1.ZMAOrder) { o.Spec.Items[0].Quantity = 7 })
	own := asked(func(o *v1alpha1.ZMAOrder) {
		o.Spec.Items[0].Quantity, o.Status.Submission = 7, sent(v1alpha1.SubmissionUnknown, "", noon)
	})
	for name, c := range map[string]struct {
		order   *v1alpha1.ZMAOrder
		outcome ledger.Outcome
		erased  bool
		reason  string
	}{
		"the same order was bought":                 {asked(), ledger.OutcomeBought, false, v1alpha1.ReasonPlaced},
		"another order was bought":                  {other.DeepCopy(), ledger.OutcomeBought, false, v1alpha1.ReasonInvalid},
		"the same order was cancelled":              {asked(), ledger.OutcomeCancelled, false, v1alpha1.ReasonCancelled},
		"another order was cancelled":               {other.DeepCopy(), ledger.OutcomeCancelled, false, v1alpha1.ReasonInvalid},
		"a corrected order was cancelled":           {asked(func(o *v1alpha1.ZMAOrder) { o.Annotations[v1alpha1.AnnotationPayloadHash] = "other" }), ledger.OutcomeCancelled, false, v1alpha1.ReasonCancelled},
		"a corrected order was bought":              {asked(func(o *v1alpha1.ZMAOrder) { o.Annotations[v1alpha1.AnnotationPayloadHash] = "other" }), ledger.OutcomeBought, false, v1alpha1.ReasonInvalid},
		"another order was refused":                 {other.DeepCopy(), ledger.OutcomeRefused, false, v1alpha1.ReasonInvalid},
		"nothing is on record to compare with":      {other.DeepCopy(), ledger.OutcomeBought, true, v1alpha1.ReasonPlaced},
		"the object that the identity was given to": {own, ledger.OutcomeBought, false, v1alpha1.ReasonPlaced},
	} {
		raw, err := endRecord(asked(), v1alpha1.ReasonPlaced)
		if c.erased {
			raw, err = json.Marshal(Record{Reason: v1alpha1.ReasonPlaced})
		}
		if err != nil {
			t.Fatal(err)
		}
		x, _, _ := bench(t)
		x.Events = events.NewFakeRecorder(10)
		task := &Task{Order: c.order, Stored: c.order.DeepCopy()}
		h := ledger.History{Outcome: c.outcome, Record: raw, Latest: ledger.Attempt{Number: 1, IdempotencyKey: "key", ReservedAt: noon}}
		if _, err := x.Translate(t.Context(), task, x.restore(t.Context(), task, h)); err != nil {
			t.Fatal(err)
		}
		if got := condition.ReadyReason(task.Order); got != c.reason {
			t.Errorf("%s: %s, want %s", name, got, c.reason)
		}
	}
}
