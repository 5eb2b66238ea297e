package act

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// remade are the rows that an order's status tells of.
func remade(o *v1alpha1.ZMAOrder) []ledger.AuditEntry {
	none := &v1alpha1.ZMAOrder{}
	rows := newTransitions(none, o)
	s := o.Status.Submission
	if s == nil {
		return rows
	}
	at := s.IntentAt.Time
	if s.ResolvedAt != nil && !machine.Superseded(s) {
		at = s.ResolvedAt.Time
	}
	outcome := newCall(none, o, at)
	if len(outcome) == 0 || s.State == v1alpha1.SubmissionIntended {
		return append(rows, outcome...)
	}
	intent := o.DeepCopy()
	intent.Status.Submission.State, intent.Status.Submission.RequestID, intent.Status.Submission.ErrorCode = v1alpha1.SubmissionIntended, "", ""
	return slices.Concat(rows, newCall(none, intent, at), outcome)
}

// newTransitions are the rows of what the history of after has and before has not.
func newTransitions(before, after *v1alpha1.ZMAOrder) []ledger.AuditEntry {
	history := after.Status.History
	var rows []ledger.AuditEntry
	for i := len(history) - newEntries(before.Status.History, history); i < len(history); i++ {
		h, nth := history[i], 0
		for _, earlier := range history[:i] {
			if sameTransition(earlier, h) {
				nth++ // the same way twice within a second
			}
		}
		rows = append(rows, ledger.AuditEntry{
			At: h.At.Time, Actor: controller, Action: ledger.ActionTransition, Namespace: after.Namespace, Object: after.Name, Attempt: h.Attempt,
			InputsDigest: ledger.InputsDigest(append(ids(ledger.ActionTransition, after), instant(h.At.Time), h.Reason, number(h.Attempt), number(int64(nth)))...),
			Detail:       map[string]string{"reason": h.Reason},
		})
	}
	return rows
}

// newEntries counts the entries at the end of a history that were added to another.
// Only its oldest entries are ever dropped.
func newEntries(before, after []v1alpha1.Transition) int {
	for n := range len(after) {
		kept := after[:len(after)-n]
		if len(kept) <= len(before) && slices.EqualFunc(kept, before[len(before)-len(kept):], sameTransition) {
			return n
		}
	}
	return len(after)
}

func sameTransition(a, b v1alpha1.Transition) bool {
	return a.At.Equal(&b.At) && a.Reason == b.Reason && a.Attempt == b.Attempt
}

// newCall is the row of a paid call that is about to be made, or of what became known
// of it. Both have one digest. An attempt that was merely prepared has none.
func newCall(before, after *v1alpha1.ZMAOrder, at time.Time) []ledger.AuditEntry {
	was, is := before.Status.Submission, after.Status.Submission
	if is == nil || (was != nil && was.Attempt == is.Attempt && leftAs(was) == leftAs(is) && was.IntentAt.Equal(&is.IntentAt)) {
		return nil
	}
	intended := was != nil && was.Attempt == is.Attempt && was.State == v1alpha1.SubmissionIntended
	state, code := leftAs(is), is.ErrorCode
	if machine.Superseded(is) {
		code = ""
	}
	if state == v1alpha1.SubmissionNotSent && !intended && is.IntentAt.Equal(&is.ReservedAt) {
		return nil
	}
	key, payload := digestOf(is.IdempotencyKey), payloadDigest(after)
	if state == v1alpha1.SubmissionIntended {
		at = is.IntentAt.Time
	}
	return []ledger.AuditEntry{{
		At: at, Actor: controller, Action: ledger.ActionSubmit, Namespace: after.Namespace, Object: after.Name, Attempt: is.Attempt,
		InputsDigest: ledger.InputsDigest(append(ids(ledger.ActionSubmit, after), number(is.Attempt), key, is.ProviderAccountID, payload, instant(is.IntentAt.Time))...),
		Detail: map[string]string{
			"outcome": callOutcome(state), "key": key, "payload": payload, "maxPriceCents": number(is.MaxPriceCents),
			"requestID": is.RequestID, "errorCode": code,
		},
	}}
}

// leftAs is the state in which its calls have left an attempt. One that was ended
// unsent had none, or one that was not sent.
func leftAs(s *v1alpha1.Submission) v1alpha1.SubmissionState {
	if machine.Superseded(s) {
		return v1alpha1.SubmissionNotSent
	}
	return s.State
}

// callOutcome is a state in the words of the trail.
func callOutcome(s v1alpha1.SubmissionState) string {
	if s == v1alpha1.SubmissionNotSent {
		return "not-sent"
	}
	return strings.ToLower(string(s))
}

// payloadDigest covers what is bought and for how much at most, not who gets it: what
// a person is called and lives at could be guessed from a digest, and engraved on a
// product as its variant.
func payloadDigest(o *v1alpha1.ZMAOrder) string {
	spec, sub := o.Spec, o.Status.Submission
	parts := []string{"payload", sub.IdempotencyKey, spec.Retailer, number(sub.MaxPriceCents), sub.CallbackTokenHash}
	for _, item := range spec.Items {
		parts = append(parts, item.ProductID, number(int64(item.Quantity)))
	}
	return ledger.InputsDigest(parts...)
}

func digestOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
