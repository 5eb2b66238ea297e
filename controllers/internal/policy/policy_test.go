package policy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

func rule(expression string, action v1alpha1.PolicyAction) v1alpha1.OrderPolicySpec {
	return v1alpha1.OrderPolicySpec{Rules: []v1alpha1.PolicyRule{{Name: "r", Expression: expression, Action: action, Message: "m"}}}
}

func input(changes ...func(*Input)) Input {
	price := int64(2000)
	in := Input{
		Order: &v1alpha1.ZMAOrder{Spec: v1alpha1.ZMAOrderSpec{
			Retailer: "amazon", Source: &v1alpha1.OrderSource{Name: "web", ExternalID: "1"},
			Items:    []v1alpha1.OrderItem{{ProductID: "B0EXAMPLE1", Quantity: 2, UnitPriceCents: &price, Category: "Books"}},
			Customer: v1alpha1.Customer{ID: "c1"}, Total: v1alpha1.Money{Currency: "USD", AmountCents: 4000},
		}},
		Address: v1alpha1.Address{Country: "US", State: "OR"},
		Account: &v1alpha1.ZMAAccount{ObjectMeta: metav1.ObjectMeta{Name: "main"}}, HistoryKnown: true,
	}
	for _, c := range changes {
		c(&in)
	}
	return in
}

func TestEvaluate(t *testing.T) {
	two := int32(2)
	unknown := func(in *Input) { in.HistoryKnown = false }
	cents := int64(4500)
	paid := input(func(in *Input) {
		in.Order.Spec.Payment = v1alpha1.Payment{Provider: v1alpha1.PaymentProviderStripe, Reference: "pi_1", AmountCents: &cents}
		in.MaxPriceCents = 2*in.Order.Spec.Total.AmountCents + 1
	})
	for name, c := range map[string]struct {
		spec v1alpha1.OrderPolicySpec
		in   Input
		want v1alpha1.PolicyAction
	}{
		"an empty policy passes everything":           {v1alpha1.OrderPolicySpec{}, input(), ""},
		"a rule that is false passes":                 {rule("order.total.amountCents > 5000", v1alpha1.PolicyDeny), input(), ""},
		"a rule that is true acts":                    {rule("order.total.amountCents > 3000", v1alpha1.PolicyDeny), input(), v1alpha1.PolicyDeny},
		"items can be looked at":                      {rule("order.items.exists(i, i.quantity > 1 && i.unitPriceCents >= 2000)", v1alpha1.PolicyReview), input(), v1alpha1.PolicyReview},
		"the address can be looked at":                {rule("order.shippingAddress.country != 'US'", v1alpha1.PolicyDeny), input(), ""},
		"account, source and customer can be, too":    {rule("account.name == 'main' && order.source == 'web' && customer.id == 'c1'", v1alpha1.PolicyWarn), input(), v1alpha1.PolicyWarn},
		"a rule that fails to evaluate asks a person": {rule("order.items[7].quantity > 1", v1alpha1.PolicyWarn), input(), v1alpha1.PolicyReview},
		"a rule that runs too long asks a person":     {rule("order.items.all(a, [1,2,3,4,5,6,7,8,9].all(b, [1,2,3,4,5,6,7,8,9].all(c, [1,2,3,4,5,6,7,8,9].all(d, [1,2,3,4,5,6,7,8,9].all(e, [1,2,3,4,5,6,7,8,9].all(f, [1,2,3,4,5,6,7,8,9].all(g, a.quantity + b + c + d + e + f + g > 0)))))))", v1alpha1.PolicyWarn), input(), v1alpha1.PolicyReview},
		"a payment can be looked at":                  {rule("order.payment.provider == 'stripe' && order.payment.amountCents == 4500", v1alpha1.PolicyDeny), paid, v1alpha1.PolicyDeny},
		"an order without one, too":                   {rule("order.payment.provider == 'none' && order.payment.amountCents == 0", v1alpha1.PolicyDeny), input(func(in *Input) { in.Order.Spec.Payment.Provider = v1alpha1.PaymentProviderNone }), v1alpha1.PolicyDeny},
		"the ceiling can be compared with the total":  {rule("order.maxPriceCents > order.total.amountCents * 2", v1alpha1.PolicyReview), paid, v1alpha1.PolicyReview},
		"unknown history is not a pass":               {rule("customer.ordersLastDay > 100", v1alpha1.PolicyWarn), input(unknown), v1alpha1.PolicyReview},
		"a policy that audits only reports": {func() v1alpha1.OrderPolicySpec {
			s := rule("true", v1alpha1.PolicyDeny)
			s.Enforcement = v1alpha1.PolicyAudit
			return s
		}(), input(), ""},
		"a product that matches no pattern":            {v1alpha1.OrderPolicySpec{Items: &v1alpha1.ItemFilter{Patterns: []v1alpha1.RetailerPattern{{Retailer: "amazon", Pattern: "B1.*"}}}}, input(), v1alpha1.PolicyDeny},
		"a pattern is about the whole ID":              {v1alpha1.OrderPolicySpec{Items: &v1alpha1.ItemFilter{Patterns: []v1alpha1.RetailerPattern{{Retailer: "amazon", Pattern: "EXAMPLE"}}}}, input(), v1alpha1.PolicyDeny},
		"a retailer without a pattern takes any":       {v1alpha1.OrderPolicySpec{Items: &v1alpha1.ItemFilter{Patterns: []v1alpha1.RetailerPattern{{Retailer: "walmart", Pattern: "x"}}}}, input(), ""},
		"an unsupported category, whatever its case":   {v1alpha1.OrderPolicySpec{Items: &v1alpha1.ItemFilter{UnsupportedCategories: []string{"BOOKS"}}}, input(), v1alpha1.PolicyDeny},
		"a customer within the velocity":               {v1alpha1.OrderPolicySpec{Velocity: &v1alpha1.VelocityRule{OrdersPerHour: &two}}, input(func(in *Input) { in.History.OrdersLastHour = 1 }), ""},
		"a customer at the velocity":                   {v1alpha1.OrderPolicySpec{Velocity: &v1alpha1.VelocityRule{OrdersPerHour: &two}}, input(func(in *Input) { in.History.OrdersLastHour = 2 }), v1alpha1.PolicyReview},
		"velocity without history is not a pass":       {v1alpha1.OrderPolicySpec{Velocity: &v1alpha1.VelocityRule{OrdersPerDay: &two}}, input(unknown), v1alpha1.PolicyReview},
		"a duplicate":                                  {v1alpha1.OrderPolicySpec{Duplicates: &v1alpha1.DuplicateRule{Action: v1alpha1.PolicyDeny}}, input(func(in *Input) { in.History.DuplicateOf = "zo-x" }), v1alpha1.PolicyDeny},
		"a duplicate without an action asks":           {v1alpha1.OrderPolicySpec{Duplicates: &v1alpha1.DuplicateRule{}}, input(func(in *Input) { in.History.DuplicateOf = "zo-x" }), v1alpha1.PolicyReview},
		"no duplicate":                                 {v1alpha1.OrderPolicySpec{Duplicates: &v1alpha1.DuplicateRule{Action: v1alpha1.PolicyDeny}}, input(), ""},
		"a total at the approval's mark passes":        {v1alpha1.OrderPolicySpec{Approval: &v1alpha1.ApprovalRule{AboveCents: 4000}}, input(), ""},
		"a total above the approval's mark asks":       {v1alpha1.OrderPolicySpec{Approval: &v1alpha1.ApprovalRule{AboveCents: 3999}}, input(), v1alpha1.PolicyReview},
		"the strictest finding counts, whatever order": {v1alpha1.OrderPolicySpec{Approval: &v1alpha1.ApprovalRule{}, Rules: []v1alpha1.PolicyRule{{Name: "a", Expression: "true", Action: v1alpha1.PolicyDeny}, {Name: "b", Expression: "true", Action: v1alpha1.PolicyWarn}}}, input(), v1alpha1.PolicyDeny},
	} {
		t.Run(name, func(t *testing.T) {
			compiled, err := Compile(c.spec)
			if err != nil {
				t.Fatal(err)
			}
			got, err := compiled.Evaluate(t.Context(), c.in)
			if err != nil || got.Action != c.want {
				t.Errorf("Evaluate = %+v, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestCompileNamesTheRuleAndThePlace(t *testing.T) {
	for name, c := range map[string]struct {
		spec v1alpha1.OrderPolicySpec
		want []string
	}{
		"a field that does not exist": {rule("order.total.dollars > 1", v1alpha1.PolicyDeny), []string{"rule r", "1:12", "dollars"}},
		"a type that does not fit":    {rule("order.total.amountCents > 'x'", v1alpha1.PolicyDeny), []string{"rule r", "1:25"}},
		"an expression of no bool":    {rule("order.total.amountCents", v1alpha1.PolicyDeny), []string{"rule r", "bool"}},
		"a street, which no rule may": {rule("order.shippingAddress.line1 == ''", v1alpha1.PolicyDeny), []string{"line1"}},
		"a pattern that escapes":      {v1alpha1.OrderPolicySpec{Items: &v1alpha1.ItemFilter{Patterns: []v1alpha1.RetailerPattern{{Retailer: "amazon", Pattern: "a)|(b"}}}}, []string{"items.patterns for amazon"}},
		"a function that eats memory": {rule("order.retailer.replace('', 'x') == ''", v1alpha1.PolicyDeny), []string{"replace"}},
		"a pattern that eats memory":  {v1alpha1.OrderPolicySpec{Items: &v1alpha1.ItemFilter{Patterns: []v1alpha1.RetailerPattern{{Retailer: "amazon", Pattern: "(.{1000}){5}"}}}}, []string{"items.patterns for amazon"}},
		"a pattern that is none":      {v1alpha1.OrderPolicySpec{Items: &v1alpha1.ItemFilter{Patterns: []v1alpha1.RetailerPattern{{Retailer: "amazon", Pattern: "("}}}}, []string{"items.patterns for amazon"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Compile(c.spec)
			if err == nil {
				t.Fatal("want an error")
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q does not name %q", err, part)
				}
			}
		})
	}
}

func TestBuiltInRefusesWhatIsNoProduct(t *testing.T) {
	for id, ok := range map[string]bool{"B0EXAMPLE1": true, "0123456789": true, "b0example1": false, "B0EXAMPLE": false, "B0EXAMPLE1-red": false} {
		in := input()
		in.Order.Spec.Items[0].ProductID = id
		if got := len(BuiltIn(in.Order)) == 0; got != ok {
			t.Errorf("product %s passes: %t, want %t", id, got, ok)
		}
	}
	other := input()
	other.Order.Spec.Retailer, other.Order.Spec.Items[0].ProductID = "walmart", "12"
	if diff := cmp.Diff([]Finding(nil), BuiltIn(other.Order)); diff != "" {
		t.Error("another retailer has other IDs: " + diff)
	}
}

func TestCacheFollowsGenerations(t *testing.T) {
	c := NewCache()
	p := &v1alpha1.OrderPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "p", UID: "1", Generation: 1}, Spec: rule("true", v1alpha1.PolicyDeny)}
	first, err := c.Get(p)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := c.Get(p); again != first {
		t.Error("the same generation is compiled twice")
	}
	p.Generation, p.Spec = 2, rule("no such thing", v1alpha1.PolicyDeny)
	if _, err := c.Get(p); err == nil {
		t.Error("the new generation must be compiled")
	}
}

func FuzzCompile(f *testing.F) {
	f.Add("order.total.amountCents > 1")
	f.Add("order.items.all(i, i.quantity > 0)")
	f.Fuzz(func(t *testing.T, expression string) {
		compiled, err := Compile(rule(expression, v1alpha1.PolicyDeny))
		if err != nil {
			return
		}
		if _, err := compiled.Evaluate(t.Context(), input()); err != nil {
			t.Error(err)
		}
	})
}
