package act

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/policy"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// Outcomes of decisions in the audit trail.
const (
	decidedAllowed  = "allowed"
	decidedWarned   = "warned"   // allowed by a policy whose rules warn
	decidedAudited  = "audited"  // allowed by a policy that only audits, though rules matched
	decidedReview   = "review"   // a person has to decide
	decidedApproved = "approved" // a person has let it pass
	decidedDenied   = "denied"
	decidedInvalid  = "invalid"
	decidedAddress  = "address" // the address has to be corrected
	decidedPaid     = "paid"
	decidedUnpaid   = "unpaid"
)

// Checks that decide.
const (
	checkOrder   = "order"
	checkPayment = "payment"
)

func decisionOutcome(d policy.Decision, approved bool) string {
	switch {
	case d.Action == v1alpha1.PolicyDeny:
		return decidedDenied
	case d.Action == v1alpha1.PolicyReview && approved:
		return decidedApproved
	case d.Action == v1alpha1.PolicyReview:
		return decidedReview
	case d.Action == v1alpha1.PolicyWarn:
		return decidedWarned
	case len(d.Findings) > 0:
		return decidedAudited
	}
	return decidedAllowed
}

// judged notes what was decided about the order itself. Its contents are inputs by
// UID and generation, the policy's rules likewise: what matched is named, and no
// value of either is in the row or its digest. The first decision counts: what passed
// the policy with a warning is not simply allowed.
func (x *Executors) judged(t *Task, outcome string, findings []policy.Finding) {
	if slices.ContainsFunc(t.decisions, func(e ledger.AuditEntry) bool { return e.Detail["check"] == checkOrder }) {
		return
	}
	inputs := []string{"", ""}
	if t.Policy != nil {
		inputs = []string{string(t.Policy.UID), number(t.Policy.Generation)}
	}
	rules := make([]string, 0, len(findings))
	for _, f := range findings {
		rules = append(rules, f.Rule+":"+string(f.Action))
		inputs = append(inputs, f.Rule, string(f.Action))
	}
	x.decided(t, checkOrder, outcome, strings.Join(rules, " "), inputs)
}

// paid notes what was decided about the customer's payment.
func (x *Executors) paid(t *Task, outcome string) {
	p := t.Order.Spec.Payment
	var amount int64
	if p.AmountCents != nil {
		amount = *p.AmountCents
	}
	x.decided(t, checkPayment, outcome, "", []string{string(p.Provider), p.Reference, number(amount)})
}

func (x *Executors) decided(t *Task, check, outcome, rules string, inputs []string) {
	o := t.Order
	parts := append(ids(ledger.ActionDecide, o), check, outcome, string(o.UID), number(o.Generation))
	detail := map[string]string{"check": check, "outcome": outcome, "rules": rules, "generation": number(o.Generation)}
	if t.Policy != nil && check == checkOrder {
		detail["policy"], detail["policyGeneration"] = t.Policy.Name, number(t.Policy.Generation)
	}
	t.decisions = append(t.decisions, ledger.AuditEntry{
		At: x.Now(), Actor: controller, Action: ledger.ActionDecide, Namespace: o.Namespace, Object: o.Name,
		Attempt: attemptOf(o), InputsDigest: ledger.InputsDigest(append(parts, inputs...)...), Detail: detail,
	})
}

// controller is who acts when nobody asked.
const controller = "controller"

// ids begin the inputs of every digest about an order.
func ids(action string, o *v1alpha1.ZMAOrder) []string {
	id := v1alpha1.IdentityOf(o)
	return []string{action, id.Namespace, id.Source, id.ExternalID}
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
