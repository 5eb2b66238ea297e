package payment

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/secrets"
)

// paidOrder costs 40.00 USD, which its sender says was paid with reference.
func paidOrder(reference string) *v1alpha1.ZMAOrder {
	cents := int64(4000)
	return &v1alpha1.ZMAOrder{Spec: v1alpha1.ZMAOrderSpec{
		Total:   v1alpha1.Money{Currency: "USD", AmountCents: 4000},
		Payment: v1alpha1.Payment{Provider: v1alpha1.PaymentProviderStripe, Reference: reference, AmountCents: &cents},
	}}
}

func (f *fakeStripe) verifier(key string) Router {
	return Router{Stripe: NewStripe(StripeOptions{
		BaseURL: f.URL, HTTP: f.Client(),
		Key: func(context.Context) (string, error) { return key, nil },
	})}
}

func TestStripeVerifiesOnlyMoneyThatIsThere(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*fakeStripe)
		order  func(*v1alpha1.ZMAOrder)
		want   State
	}{
		"captured and kept":                          {nil, nil, Verified},
		"more than the order costs":                  {func(f *fakeStripe) { f.set("pi_1", "amount_received", 4001) }, nil, Verified},
		"the currency in the order's own case":       {func(f *fakeStripe) { f.set("pi_1", "currency", "USD") }, nil, Verified},
		"authorised only: an authorisation is none":  {func(f *fakeStripe) { f.authorise("pi_1") }, nil, Pending},
		"still being processed":                      {func(f *fakeStripe) { f.set("pi_1", "status", "processing") }, nil, Pending},
		"the customer has not paid":                  {func(f *fakeStripe) { f.set("pi_1", "status", "requires_payment_method") }, nil, Pending},
		"a status that nobody knows yet":             {func(f *fakeStripe) { f.set("pi_1", "status", "levitating") }, nil, Pending},
		"cancelled":                                  {func(f *fakeStripe) { f.set("pi_1", "status", "canceled") }, nil, Invalid},
		"one cent short of the total":                {func(f *fakeStripe) { f.set("pi_1", "amount_received", 3999) }, nil, Invalid},
		"another currency":                           {func(f *fakeStripe) { f.set("pi_1", "currency", "jpy") }, nil, Invalid},
		"refunded":                                   {func(f *fakeStripe) { f.refund("pi_1", 4000) }, nil, Invalid},
		"refunded in part":                           {func(f *fakeStripe) { f.refund("pi_1", 1) }, nil, Invalid},
		"disputed":                                   {func(f *fakeStripe) { f.setCharge("pi_1", "disputed", true) }, nil, Invalid},
		"a charge that is not captured":              {func(f *fakeStripe) { f.setCharge("pi_1", "captured", false) }, nil, Pending},
		"a payment of the other mode":                {func(f *fakeStripe) { f.set("pi_1", "livemode", false); f.set("pi_1", "shownToAll", true) }, nil, Invalid},
		"a payment that does not exist":              {nil, func(o *v1alpha1.ZMAOrder) { o.Spec.Payment.Reference = "pi_2" }, Invalid},
		"the word test in a reference opens nothing": {nil, func(o *v1alpha1.ZMAOrder) { o.Spec.Payment.Reference = "pi_test_1" }, Invalid},
		"a sender that claims less than the total":   {func(f *fakeStripe) { f.set("pi_1", "amount_received", 100) }, func(o *v1alpha1.ZMAOrder) { *o.Spec.Payment.AmountCents = 100 }, Invalid},
		"a sender that claims more than was paid":    {nil, func(o *v1alpha1.ZMAOrder) { *o.Spec.Payment.AmountCents = 4001 }, Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeStripe(t)
			f.create("pi_1", 4000, "usd", true)
			f.capture("pi_1")
			if c.change != nil {
				c.change(f)
			}
			o := paidOrder("pi_1")
			if c.order != nil {
				c.order(o)
			}
			got, err := f.verifier(liveRestricted).Verify(t.Context(), o)
			if err != nil || got.State != c.want || got.Reason == "" {
				t.Errorf("Verify = %+v, %v; want %s", got, err, c.want)
			}
			if strings.Contains(got.Reason, o.Spec.Payment.Reference) {
				t.Errorf("the reason tells the reference: %q", got.Reason)
			}
		})
	}
}

func TestStripeFollowsAPaymentThroughItsLife(t *testing.T) {
	f := newFakeStripe(t)
	f.create("pi_1", 4000, "usd", false)
	for _, step := range []struct {
		name string
		do   func()
		want State
	}{
		{"created", func() {}, Pending},
		{"authorised", func() { f.authorise("pi_1") }, Pending},
		{"captured", func() { f.capture("pi_1") }, Verified},
		{"refunded", func() { f.refund("pi_1", 4000) }, Invalid},
	} {
		step.do()
		if got, err := f.verifier(testSecret).Verify(t.Context(), paidOrder("pi_1")); err != nil || got.State != step.want {
			t.Errorf("%s: Verify = %+v, %v; want %s", step.name, got, err, step.want)
		}
	}
}

func TestStripeRefusesAReferenceThatIsNoPaymentIntentWithoutAsking(t *testing.T) {
	f := newFakeStripe(t)
	got, err := f.verifier(liveRestricted).Verify(t.Context(), paidOrder("ch_1"))
	if err != nil || got.State != Invalid || f.count() != 0 {
		t.Errorf("Verify = %+v, %v after %d calls; want Invalid after none", got, err, f.count())
	}
}

func TestStripeErrorsSayNothingAgainstThePayment(t *testing.T) {
	status := func(code int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(code)
			_, _ = w.Write([]byte(body)) // the client may have gone
		}
	}
	var refused *StatusError
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		is     error
		as     any
	}{
		"the key is refused":             {status(401, `{}`), ErrKeyRefused, nil},
		"the key may not read charges":   {status(403, `{}`), ErrKeyRefused, nil},
		"too many requests":              {status(429, `{}`), nil, &refused},
		"a fault of Stripe's":            {status(500, `{}`), nil, &refused},
		"a redirect is not followed":     {status(302, ``), nil, &refused},
		"a 404 that is not Stripe's":     {status(404, `<html>no such page</html>`), nil, &refused},
		"a page in place of JSON":        {status(200, `<html>`), ErrUnreadable, nil},
		"an empty object":                {status(200, `{}`), ErrUnreadable, nil},
		"another payment than asked for": {status(200, `{"object":"payment_intent","id":"pi_9","status":"succeeded","livemode":true}`), ErrUnreadable, nil},
		"a payment without a mode":       {status(200, `{"object":"payment_intent","id":"pi_1","status":"succeeded","amount_received":4000,"currency":"usd"}`), ErrUnreadable, nil},
		"a payment without a charge":     {status(200, `{"object":"payment_intent","id":"pi_1","status":"succeeded","amount_received":4000,"currency":"usd","livemode":true}`), ErrUnreadable, nil},
		"a charge that is not expanded":  {status(200, `{"object":"payment_intent","id":"pi_1","status":"succeeded","amount_received":4000,"currency":"usd","livemode":true,"latest_charge":"ch_1"}`), ErrUnreadable, nil},
		"an amount that is a fraction":   {status(200, `{"object":"payment_intent","id":"pi_1","amount_received":4000.5}`), ErrUnreadable, nil},
		"an answer that breaks off halfway": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "999")
			_, _ = w.Write([]byte(`{"id"`))
		}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeStripe(t)
			f.answer = c.answer
			got, err := f.verifier(liveRestricted).Verify(t.Context(), paidOrder("pi_1"))
			if err == nil || got.State != "" {
				t.Fatalf("Verify = %+v, %v; want an error and no state", got, err)
			}
			if c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("error %v is not %v", err, c.is)
			}
			if c.as != nil && (!errors.As(err, c.as) || refused.RetryAfter != 7*time.Second) {
				t.Errorf("error %v is no StatusError with Stripe's pause", err)
			}
			for _, secret := range []string{liveRestricted, "pi_1"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error tells %q: %v", secret, err)
				}
			}
		})
	}
}

func TestStripeNeedsEachProofOfACharge(t *testing.T) {
	for _, field := range []string{"captured", "refunded", "amount_refunded", "disputed"} {
		t.Run(field, func(t *testing.T) {
			f := newFakeStripe(t)
			f.create("pi_1", 4000, "usd", true)
			f.capture("pi_1")
			f.setCharge("pi_1", field, nil)
			if got, err := f.verifier(liveRestricted).Verify(t.Context(), paidOrder("pi_1")); !errors.Is(err, ErrUnreadable) {
				t.Errorf("Verify = %+v, %v; want ErrUnreadable: what is missing proves nothing", got, err)
			}
		})
	}
}

func TestStripeKeys(t *testing.T) {
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		key  string
		err  error
		want error
	}{
		"a key with the newline of a file":  {liveRestricted + "\n", nil, nil},
		"no key":                            {"", nil, ErrNotConfigured},
		"a blank key":                       {" \n", nil, ErrNotConfigured},
		"a Secret that is missing":          {"", fmt.Errorf("secret stripe: %w", secrets.ErrNotFound), ErrNotConfigured},
		"a Secret that can't be read now":   {"", boom, boom},
		"a publishable key":                 {"pk_live_x", nil, ErrKeyUnusable},
		"something else altogether":         {"hunter2", nil, ErrKeyUnusable},
		"a key that Stripe does not accept": {"sk_live_other", nil, ErrKeyRefused},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeStripe(t)
			f.create("pi_1", 4000, "usd", true)
			f.capture("pi_1")
			s := NewStripe(StripeOptions{BaseURL: f.URL + "/", HTTP: f.Client(), Key: func(context.Context) (string, error) { return c.key, c.err }})
			if got, err := s.Verify(t.Context(), paidOrder("pi_1")); !errors.Is(err, c.want) {
				t.Errorf("Verify = %+v, %v; want %v", got, err, c.want)
			}
		})
	}
}

func TestStripeTimesOutInsteadOfHanging(t *testing.T) {
	release := make(chan struct{})
	f := newFakeStripe(t)
	f.answer = func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-release:
		}
	}
	defer close(release)
	s := NewStripe(StripeOptions{BaseURL: f.URL, HTTP: f.Client(), Timeout: time.Millisecond,
		Key: func(context.Context) (string, error) { return liveRestricted, nil }})
	if got, err := s.Verify(t.Context(), paidOrder("pi_1")); !errors.Is(err, context.DeadlineExceeded) || got.State != "" {
		t.Errorf("Verify = %+v, %v; want a timeout and no state", got, err)
	}
}

func TestRouterAsksWhoTookThePayment(t *testing.T) {
	for name, c := range map[string]struct {
		provider v1alpha1.PaymentProvider
		want     State
		err      error
	}{
		"no payment":                      {v1alpha1.PaymentProviderNone, NotRequired, nil},
		"no payment, by default":          {"", NotRequired, nil},
		"Stripe, which is not set up":     {v1alpha1.PaymentProviderStripe, "", ErrNotConfigured},
		"a provider that nobody can ask":  {"other", Invalid, nil},
		"the provider's name in capitals": {"NONE", Invalid, nil},
	} {
		t.Run(name, func(t *testing.T) {
			o := paidOrder("pi_1")
			o.Spec.Payment.Provider = c.provider
			if got, err := (Router{}).Verify(t.Context(), o); got.State != c.want || !errors.Is(err, c.err) {
				t.Errorf("Verify = %+v, %v; want %s, %v", got, err, c.want, c.err)
			}
		})
	}
}

func FuzzDecodeIntent(f *testing.F) {
	f.Add([]byte(`{"object":"payment_intent","id":"pi_1","status":"succeeded","amount_received":4000,"currency":"usd","livemode":true,"latest_charge":{"status":"succeeded","captured":true,"refunded":false,"amount_refunded":0,"disputed":false}}`))
	f.Add([]byte(`{"object":"payment_intent","id":"pi_1","status":"requires_capture","livemode":true}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := decodeIntent(body, "pi_1")
		if err != nil {
			return
		}
		got, err := judge(p, want{cents: 4000, currency: "USD", live: true})
		if err == nil && got.State == Verified && (p.Status != "succeeded" || p.AmountReceived < 4000 || *p.LatestCharge.Disputed) {
			t.Errorf("verified by %s", body)
		}
	})
}
