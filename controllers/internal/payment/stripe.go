package payment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/secrets"
)

const (
	// stripeURL is Stripe's API.
	stripeURL = "https://api.stripe.com"
	// stripeVersion pins the shape of the answers: without it, an upgrade in
	// Stripe's dashboard would change what a verification reads. latest_charge
	// exists since 2022-11-15.
	stripeVersion = "2024-06-20"
	// stripeTimeout bounds one call; nothing is bought meanwhile.
	stripeTimeout = 10 * time.Second
	// maxAnswer bounds what is read of an answer, in bytes; a PaymentIntent with
	// its charge is a few kilobytes.
	maxAnswer = 1 << 20
	// maxRetryAfter bounds the pause that an answer can ask for.
	maxRetryAfter = time.Hour
)

// StripeOptions set up a Stripe.
type StripeOptions struct {
	// BaseURL of the API, without a path; Stripe's own when empty.
	BaseURL string
	// HTTP makes the calls; its timeout and redirect rule are replaced. Defaults to
	// the standard transport.
	HTTP *http.Client
	// Timeout of one call; ten seconds when 0.
	Timeout time.Duration
	// Key returns a secret or restricted key that may read PaymentIntents and
	// charges. It is asked for each call, so that a rotated key takes effect. An
	// empty key or secrets.ErrNotFound becomes ErrNotConfigured.
	Key func(ctx context.Context) (string, error)
}

// Stripe verifies PaymentIntents. It only reads.
type Stripe struct {
	base    string
	http    http.Client
	timeout time.Duration
	key     func(ctx context.Context) (string, error)
}

// NewStripe sets up verification with Stripe.
func NewStripe(o StripeOptions) *Stripe {
	s := &Stripe{base: strings.TrimRight(o.BaseURL, "/"), timeout: o.Timeout, key: o.Key}
	if s.base == "" {
		s.base = stripeURL
	}
	if s.timeout == 0 {
		s.timeout = stripeTimeout
	}
	if o.HTTP != nil {
		s.http = *o.HTTP
	}
	s.http.Timeout = 0 // the context carries it
	// Stripe does not redirect. Whoever does is not to be believed about money.
	s.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return s
}

// Verify implements Verifier. An error means that nothing is known yet, never that
// the payment is bad: ErrNotConfigured, ErrKeyUnusable, ErrKeyRefused,
// ErrUnreadable, *StatusError, or what the network said.
func (s *Stripe) Verify(ctx context.Context, o *v1alpha1.ZMAOrder) (Result, error) {
	reference := o.Spec.Payment.Reference
	if !strings.HasPrefix(reference, "pi_") {
		return Result{State: Invalid, Reason: "The payment's reference is not a PaymentIntent."}, nil
	}
	key, live, err := s.loadKey(ctx)
	if err != nil {
		return Result{}, err
	}
	intent, err := s.fetch(ctx, key, reference)
	if err != nil {
		return Result{}, fmt.Errorf("read the payment: %w", err)
	}
	if intent == nil {
		return Result{State: Invalid, Reason: "Stripe does not know the payment."}, nil
	}
	return judge(intent, wantOf(o, live))
}

// loadKey returns the key and whether it sees live payments.
func (s *Stripe) loadKey(ctx context.Context) (key string, live bool, err error) {
	if s.key == nil {
		return "", false, ErrNotConfigured
	}
	key, err = s.key(ctx)
	if errors.Is(err, secrets.ErrNotFound) || (err == nil && strings.TrimSpace(key) == "") {
		return "", false, ErrNotConfigured
	}
	if err != nil {
		return "", false, fmt.Errorf("read the stripe key: %w", err)
	}
	key = strings.TrimSpace(key) // Secrets made from files end in a newline
	live, err = liveKey(key)
	return key, live, err
}

// liveKey tells whether a key sees live payments, by the prefixes that Stripe
// documents.
func liveKey(key string) (bool, error) {
	for _, kind := range []string{"sk_", "rk_"} {
		switch {
		case strings.HasPrefix(key, kind+"live_"):
			return true, nil
		case strings.HasPrefix(key, kind+"test_"):
			return false, nil
		}
	}
	return false, ErrKeyUnusable
}

// fetch reads a PaymentIntent with its latest charge; nil when Stripe has none of
// that name.
func (s *Stripe) fetch(ctx context.Context, key, reference string) (*paymentIntent, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	target := s.base + "/v1/payment_intents/" + url.PathEscape(reference) + "?expand%5B%5D=latest_charge"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, fmt.Errorf("build the request: %w", withoutURL(err))
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Stripe-Version", stripeVersion)
	resp, err := s.http.Do(req)
	if err != nil {
		return nil, withoutURL(err)
	}
	defer func() { _ = resp.Body.Close() }() // read-only: nothing to lose
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return decode(resp, body, reference)
}

func decode(resp *http.Response, body []byte, reference string) (*paymentIntent, error) {
	switch resp.StatusCode {
	case http.StatusOK:
		return decodeIntent(body, reference)
	case http.StatusNotFound:
		return nil, decodeMissing(resp, body)
	case http.StatusUnauthorized, http.StatusForbidden:
		return nil, ErrKeyRefused
	default:
		return nil, &StatusError{Code: resp.StatusCode, RetryAfter: retryAfter(resp.Header)}
	}
}

// decodeIntent takes only the PaymentIntent that was asked for: what a proxy or
// cache answers in its place must not pay for an order.
func decodeIntent(body []byte, reference string) (*paymentIntent, error) {
	var p paymentIntent
	if err := json.Unmarshal(body, &p); err != nil {
		return nil, ErrUnreadable // the cause may quote the body
	}
	if p.Object != "payment_intent" || p.ID != reference {
		return nil, ErrUnreadable
	}
	return &p, nil
}

// decodeMissing tells Stripe's own "there is none" from the 404 of a wrong base
// URL, which would otherwise refuse every order for good.
func decodeMissing(resp *http.Response, body []byte) error {
	var answer struct {
		Error struct {
			Code string `json:"code"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &answer) == nil && answer.Error.Code == "resource_missing" {
		return nil
	}
	return &StatusError{Code: resp.StatusCode, RetryAfter: retryAfter(resp.Header)}
}

func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.ParseInt(h.Get("Retry-After"), 10, 32)
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, maxRetryAfter)
}

// withoutURL drops the address from a client's error: it names the payment.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
