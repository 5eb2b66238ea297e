package notify

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

func TestConfirmationMail(t *testing.T) {
	cases := map[string]struct {
		order  *v1alpha1.ZMAOrder
		policy *v1alpha1.NotificationPolicy
		want   bool
	}{
		"a policy that asks for confirmations gets one": {placedOrder(), policyOfShop(), true},
		"no policy, no mail":                            {placedOrder(), nil, false},
		"a policy without confirmations gets none": {placedOrder(),
			policyOfShop(func(p *v1alpha1.NotificationPolicy) { p.Spec.CustomerMails = nil }), false},
		"a customer without an address gets none, even when the parcel's recipient has one": {
			placedOrder(func(o *v1alpha1.ZMAOrder) {
				o.Spec.Customer.Email = ""
				o.Spec.ShippingAddress.Email = "surprised@example.com"
			}), policyOfShop(), false},
		"a suspended policy still queues": {placedOrder(),
			policyOfShop(func(p *v1alpha1.NotificationPolicy) { p.Spec.Suspend = true }), true},
		"an address that no server takes does not stop the settlement": {
			placedOrder(func(o *v1alpha1.ZMAOrder) { o.Spec.Customer.Email = "a,b@example.com" }), policyOfShop(), true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			m, ok, err := ConfirmationMail(tc.order, tc.policy)
			if err != nil {
				t.Fatal(err)
			}
			if ok != tc.want || (m != nil) != tc.want {
				t.Fatalf("got %v (mail: %v), want %v", ok, m != nil, tc.want)
			}
			if ok && (m.Recipient != tc.order.Spec.Customer.Email || m.Kind != "confirmation" ||
				m.Transition != "placed" || m.Policy != "mails" || m.Identity != v1alpha1.IdentityOf(tc.order)) {
				t.Errorf("unexpected row: %+v", m)
			}
		})
	}
}

func TestConfirmationHoldsNothingOfTheInside(t *testing.T) {
	m, _, err := ConfirmationMail(placedOrder(), policyOfShop())
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"7777", "77.77", "8888", "88.88", "5550100"} {
		if strings.Contains(string(m.Data), secret) {
			t.Errorf("the mail's data holds %s", secret)
		}
	}
}

func TestConfirmationDataHoldsNoControlCharacters(t *testing.T) {
	m, _, err := ConfirmationMail(placedOrder(hostile), policyOfShop())
	if err != nil {
		t.Fatal(err)
	}
	for _, escape := range []string{`\u0000`, `\u001b`, `\n`, `\r`, `\u2028`} {
		if strings.Contains(string(m.Data), escape) {
			t.Errorf("the mail's data holds %s, which the ledger may refuse", escape)
		}
	}
}

func TestConfirmationOfAGiftDoesNotGreetItsRecipient(t *testing.T) {
	gift := true
	c := confirmationOf(placedOrder(func(o *v1alpha1.ZMAOrder) { o.Spec.RecipientOfGift = &gift }))
	if c.FirstName != "" {
		t.Errorf("the customer is greeted as %q", c.FirstName)
	}
}

func TestAmount(t *testing.T) {
	cases := map[string]v1alpha1.Money{
		"USD 12.05":  {Currency: "USD", AmountCents: 1205},
		"USD 0.00":   {Currency: "USD", AmountCents: 0},
		"JPY 500":    {Currency: "JPY", AmountCents: 500},
		"KWD 1.234":  {Currency: "KWD", AmountCents: 1234},
		"ZZZ 1.00":   {Currency: "ZZZ", AmountCents: 100},
		"EUR 100.10": {Currency: "EUR", AmountCents: 10010},
	}
	for want, in := range cases {
		if diff := cmp.Diff(want, amount(in)); diff != "" {
			t.Errorf("amount (-want +got):\n%s", diff)
		}
	}
}
