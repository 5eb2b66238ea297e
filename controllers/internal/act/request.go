package act

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
	"github.com/zma-operator/zma-operator/internal/callback"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// prepare makes the submission of a reserved attempt: everything that a call of
// it is computed from, so that a repeat is the same call. Its state says that
// nothing was sent yet.
func (x *Executors) prepare(ctx context.Context, t *Task, r ledger.Reservation, reservedAt time.Time) (*v1alpha1.Submission, error) {
	at := metav1.NewTime(reservedAt.UTC().Truncate(time.Second))
	sub := &v1alpha1.Submission{
		Attempt: r.Attempt, IdempotencyKey: r.IdempotencyKey, State: v1alpha1.SubmissionNotSent,
		ProviderAccountID: r.ProviderAccountID, ReservedAt: at, IntentAt: at,
		MaxPriceCents: r.MaxPriceCents, ShippingAddress: normalised(t),
	}
	cb := t.Account.Spec.Callback
	if cb == nil {
		return sub, nil
	}
	ttl := 120 * 24 * time.Hour
	if cb.TokenTTL != nil {
		ttl = cb.TokenTTL.Duration
	}
	expires := metav1.NewTime(at.Add(ttl))
	sub.CallbackURL, sub.CallbackKeyID, sub.CallbackExpiresAt = cb.PublicURL, cb.ActiveKey, &expires
	urls, err := x.callbacks(ctx, t, sub)
	if err != nil {
		return nil, err
	}
	sub.CallbackTokenHash = hashURLs(urls)
	return sub, nil
}

// request builds the call from what the submission holds, never from what the
// account says now.
func (x *Executors) request(ctx context.Context, t *Task) (zma.OrderRequest, error) {
	spec, sub := t.Order.Spec, t.Order.Status.Submission
	urls, err := x.callbacks(ctx, t, sub)
	if err != nil {
		return zma.OrderRequest{}, err
	}
	return zma.OrderRequest{
		Key: sub.IdempotencyKey, Identity: v1alpha1.IdentityOf(t.Order).String(), Attempt: sub.Attempt,
		Retailer: spec.Retailer, Items: spec.Items, Address: sub.ShippingAddress, MaxPriceCents: sub.MaxPriceCents,
		Shipping: spec.Shipping, Gift: spec.Gift, Callbacks: urls,
	}, nil
}

// callbacks rebuilds the callback URLs of an attempt; nil when it has none.
func (x *Executors) callbacks(ctx context.Context, t *Task, sub *v1alpha1.Submission) (map[string]string, error) {
	if sub.CallbackURL == "" || sub.CallbackExpiresAt == nil || t.Account.Spec.Callback == nil {
		return nil, nil
	}
	key, err := x.Secrets.Key(ctx, t.Order.Namespace, t.Account.Spec.Callback.SecretRef.Name, sub.CallbackKeyID)
	if err != nil {
		return nil, &Wait{Reason: v1alpha1.ReasonAccountNotReady, Message: "The signing key of the account's callbacks can't be read.", After: fundsPause, Err: err}
	}
	urls, err := callback.URLs(sub.CallbackURL, sub.CallbackKeyID, key, callback.Claims{
		Namespace: t.Order.Namespace, Account: t.Account.Name, Order: t.Order.Name,
		Attempt: sub.Attempt, Expires: sub.CallbackExpiresAt.Time,
	})
	if err != nil {
		return nil, &Wait{Reason: v1alpha1.ReasonAccountNotReady, Message: "The account's callback URLs can't be made.", After: fundsPause, Err: err}
	}
	return urls, nil
}

// hashURLs is the hash of all callback URLs in a fixed order. The tokens inside
// are secrets; the hash is not.
func hashURLs(urls map[string]string) string {
	events := make([]string, 0, len(urls))
	for event := range urls {
		events = append(events, event)
	}
	slices.Sort(events)
	h := sha256.New()
	for _, event := range events {
		h.Write([]byte(urls[event] + "\n"))
	}
	return hex.EncodeToString(h.Sum(nil))
}
