package controllers

import (
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// fate is what our side believes of an attempt.
type fate string

const (
	// fateOpen may have bought, or may yet.
	fateOpen fate = "open"
	// fateBought was accepted by the provider, or settled.
	fateBought fate = "bought"
	// fateRefused is taken not to have bought.
	fateRefused fate = "refused"
)

// knownAttempt is an attempt as the cluster or the ledger knows it.
type knownAttempt struct {
	identity  v1alpha1.Identity
	number    int64
	key       string
	requestID string
	fate      fate
	// mine tells whether it was meant for the account that is swept. One of
	// another account may show in the same list, and is not missed there.
	mine bool
	// reservedAt is before anything was sent; knownAt is when its fate was known,
	// zero while open.
	reservedAt, knownAt time.Time
}

// followed tells whether somebody looks after the purchase of this request ID.
func (k knownAttempt) followed(requestID string) bool {
	return k.requestID == requestID && k.fate != fateRefused
}

// ofLedger reads the ledger's attempts. A rebuilt ledger may not know whose they
// were.
func ofLedger(attempts []ledger.SweepAttempt, account *v1alpha1.ZMAAccount) []knownAttempt {
	fates := map[ledger.AttemptState]fate{
		ledger.AttemptReserved: fateOpen, ledger.AttemptSettled: fateBought, ledger.AttemptReleased: fateRefused,
	}
	out := make([]knownAttempt, 0, len(attempts))
	for _, a := range attempts {
		out = append(out, knownAttempt{
			identity: a.Identity, number: a.Number, key: a.IdempotencyKey, requestID: a.RequestID, fate: fates[a.State],
			mine:       (a.Account == "" || a.Account == account.Name) && a.ProviderAccountID == account.Spec.ProviderAccountID,
			reservedAt: a.ReservedAt, knownAt: a.EndedAt,
		})
	}
	return out
}

// ofCluster reads the orders' present attempts.
func ofCluster(orders []v1alpha1.ZMAOrder, account *v1alpha1.ZMAAccount) []knownAttempt {
	var out []knownAttempt
	for i := range orders {
		o := &orders[i]
		sub := o.Status.Submission
		if sub == nil {
			continue
		}
		k := knownAttempt{
			identity: v1alpha1.IdentityOf(o), number: sub.Attempt, key: sub.IdempotencyKey, requestID: sub.RequestID,
			fate:       submissionFate(sub.State),
			mine:       o.Spec.AccountRef.Name == account.Name && sub.ProviderAccountID == account.Spec.ProviderAccountID,
			reservedAt: sub.ReservedAt.Time, knownAt: sub.IntentAt.Time,
		}
		if sub.ResolvedAt != nil {
			k.knownAt = sub.ResolvedAt.Time
		}
		out = append(out, k)
	}
	return out
}

func submissionFate(s v1alpha1.SubmissionState) fate {
	switch s {
	case v1alpha1.SubmissionAccepted:
		return fateBought
	case v1alpha1.SubmissionRejected:
		return fateRefused
	}
	return fateOpen // NotSent too: it is sent again under the same key
}
