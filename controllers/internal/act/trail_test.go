package act

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/policy"
	"github.com/zma-operator/zma-operator/internal/ledger"
	"github.com/zma-operator/zma-operator/internal/telemetry"
)

// way is a history with one entry per reason, a second apart unless a reason begins
// with "=".
func way(reasons ...string) (out []v1alpha1.Transition) {
	at := noon
	for _, r := range reasons {
		reason, same := strings.CutPrefix(r, "=")
		if !same {
			at = at.Add(time.Second)
		}
		out = append(out, v1alpha1.Transition{At: metav1.NewTime(at), Reason: reason})
	}
	return out
}

func TestEachNewEntryOfAHistoryIsFound(t *testing.T) {
	long := way(strings.Split("abcdefghijklmnopqrstuvwx", "")...)
	for reason, c := range map[string]struct {
		before, after []v1alpha1.Transition
		want          int
	}{
		"nothing is new":                        {way("a", "b"), way("a", "b"), 0},
		"all is new":                            {nil, way("a", "b"), 2},
		"one":                                   {way("a"), way("a", "b"), 1},
		"two in one write":                      {way("a"), way("a", "b", "c"), 2},
		"back and forth within a second":        {way("a"), way("a", "=b", "=a"), 2},
		"the oldest were dropped":               {long[:20], long[3:23], 3},
		"all of before was dropped":             {long[:2], long[4:24], 20},
		"a history that does not go on from it": {way("x"), way("a", "b"), 2},
	} {
		if got := newEntries(c.before, c.after); got != c.want {
			t.Errorf("%s: %d new entries, want %d", reason, got, c.want)
		}
	}
}

// bought is an order with one accepted attempt.
func bought() *v1alpha1.ZMAOrder {
	o := &v1alpha1.ZMAOrder{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "o", UID: "uid", Generation: 1}}
	o.Spec.Retailer = "amazon"
	o.Spec.Items = []v1alpha1.OrderItem{{ProductID: "B1", Quantity: 1}}
	o.Status.Submission = sent(v1alpha1.SubmissionAccepted, "r1", noon.Add(time.Minute))
	o.Status.Submission.ReservedAt = metav1.NewTime(noon)
	o.Status.History = way("Submitting", "Processing")
	return o
}

func TestACallAndItsOutcomeShareOneDigest(t *testing.T) {
	prepared, intended, accepted := bought(), bought(), bought()
	prepared.Status.Submission.State, prepared.Status.Submission.IntentAt = v1alpha1.SubmissionNotSent, prepared.Status.Submission.ReservedAt
	intended.Status.Submission.State = v1alpha1.SubmissionIntended
	if rows := newCall(&v1alpha1.ZMAOrder{}, prepared, noon); rows != nil {
		t.Errorf("an attempt that was prepared: %v", rows)
	}
	if rows := newCall(accepted, bought(), noon); rows != nil {
		t.Errorf("nothing new: %v", rows)
	}
	before, after := newCall(prepared, intended, noon)[0], newCall(intended, accepted, noon.Add(time.Hour))[0]
	if before.InputsDigest != after.InputsDigest || before.Detail["outcome"] != "intended" || after.Detail["outcome"] != "accepted" {
		t.Errorf("%v\n%v", before, after)
	}
	if !before.At.Equal(noon.Add(time.Minute)) || !after.At.Equal(noon.Add(time.Hour)) {
		t.Errorf("times %s and %s", before.At, after.At)
	}
	for _, e := range []ledger.AuditEntry{before, after} {
		for k, v := range e.Detail {
			if strings.Contains(v, intended.Status.Submission.IdempotencyKey) {
				t.Errorf("%s holds the key", k)
			}
		}
	}
	unsent := bought()
	unsent.Status.Submission.State = v1alpha1.SubmissionNotSent
	// Times are kept in seconds: the call was made in that of the reservation.
	for _, o := range []*v1alpha1.ZMAOrder{intended, unsent} {
		o.Status.Submission.ReservedAt = o.Status.Submission.IntentAt
	}
	if got := newCall(intended, unsent, noon)[0].Detail["outcome"]; got != "not-sent" {
		t.Errorf("outcome %q of a call that was not sent", got)
	}
}

func TestTheDigestOfACallFollowsWhatIsBoughtAndNotForWhom(t *testing.T) {
	digest := func(change func(*v1alpha1.ZMAOrder)) string {
		o := bought()
		change(o)
		return newCall(&v1alpha1.ZMAOrder{}, o, noon)[0].InputsDigest
	}
	same := digest(func(*v1alpha1.ZMAOrder) {})
	for name, change := range map[string]func(*v1alpha1.ZMAOrder){
		"product":          func(o *v1alpha1.ZMAOrder) { o.Spec.Items[0].ProductID = "B2" },
		"quantity":         func(o *v1alpha1.ZMAOrder) { o.Spec.Items[0].Quantity = 2 },
		"retailer":         func(o *v1alpha1.ZMAOrder) { o.Spec.Retailer = "walmart" },
		"attempt":          func(o *v1alpha1.ZMAOrder) { o.Status.Submission.Attempt = 2 },
		"key":              func(o *v1alpha1.ZMAOrder) { o.Status.Submission.IdempotencyKey = "other" },
		"provider account": func(o *v1alpha1.ZMAOrder) { o.Status.Submission.ProviderAccountID = "other" },
		"maximum price":    func(o *v1alpha1.ZMAOrder) { o.Status.Submission.MaxPriceCents++ },
		"another call":     func(o *v1alpha1.ZMAOrder) { o.Status.Submission.IntentAt = metav1.NewTime(noon) },
	} {
		if digest(change) == same {
			t.Errorf("%s does not change it", name)
		}
	}
	for name, change := range map[string]func(*v1alpha1.ZMAOrder){
		"name":    func(o *v1alpha1.ZMAOrder) { o.Status.Submission.ShippingAddress.LastName = "Quux" },
		"address": func(o *v1alpha1.ZMAOrder) { o.Spec.ShippingAddress.Line1 = "1 Road" },
		"mail":    func(o *v1alpha1.ZMAOrder) { o.Spec.Customer.Email = "a@example.org" },
		"gift":    func(o *v1alpha1.ZMAOrder) { o.Spec.Gift = &v1alpha1.Gift{Message: "for Zeb"} },
	} {
		if digest(change) != same {
			t.Errorf("%s changes it, and could be guessed from it", name)
		}
	}
}

func TestTheDigestOfADecisionFollowsItsInputs(t *testing.T) {
	x, _, _ := bench(t)
	found := []policy.Finding{{Rule: "big", Action: v1alpha1.PolicyReview, Message: "it is for Zeb"}}
	decide := func(change func(*Task), outcome string, findings []policy.Finding) ledger.AuditEntry {
		task := &Task{Order: bought(), Policy: &v1alpha1.OrderPolicy{ObjectMeta: metav1.ObjectMeta{Name: "strict", UID: "p", Generation: 3}}}
		change(task)
		x.judged(task, outcome, findings)
		x.judged(task, decidedAllowed, nil) // what was decided first stays
		if len(task.decisions) != 1 {
			t.Fatalf("%d decisions", len(task.decisions))
		}
		return task.decisions[0]
	}
	first := decide(func(*Task) {}, decidedReview, found)
	want := map[string]string{"check": "order", "outcome": "review", "rules": "big:Review", "generation": "1", "policy": "strict", "policyGeneration": "3"}
	if diff := cmp.Diff(want, first.Detail); diff != "" {
		t.Error(diff)
	}
	other := []policy.Finding{{Rule: "big", Action: v1alpha1.PolicyWarn}}
	for name, e := range map[string]ledger.AuditEntry{
		"outcome":             decide(func(*Task) {}, decidedApproved, found),
		"another result":      decide(func(*Task) {}, decidedReview, other),
		"no result":           decide(func(*Task) {}, decidedReview, nil),
		"order's generation":  decide(func(t *Task) { t.Order.Generation++ }, decidedReview, found),
		"order":               decide(func(t *Task) { t.Order.UID = "other" }, decidedReview, found),
		"policy's generation": decide(func(t *Task) { t.Policy.Generation++ }, decidedReview, found),
		"policy":              decide(func(t *Task) { t.Policy.UID = "other" }, decidedReview, found),
		"no policy":           decide(func(t *Task) { t.Policy = nil }, decidedReview, found),
	} {
		if e.InputsDigest == first.InputsDigest {
			t.Errorf("%s does not change the digest", name)
		}
	}
	again := decide(func(t *Task) { t.Order.Spec.ShippingAddress.Line1 = "1 Road" }, decidedReview, found)
	if again.InputsDigest != first.InputsDigest {
		t.Error("the address changes the digest")
	}
}

func TestWhatAPolicySaysIsNamed(t *testing.T) {
	found := []policy.Finding{{Rule: "r"}}
	for _, c := range []struct {
		action   v1alpha1.PolicyAction
		findings []policy.Finding
		approved bool
		want     string
	}{
		{"", nil, false, decidedAllowed},
		{"", nil, true, decidedAllowed},
		{"", found, false, decidedAudited},
		{v1alpha1.PolicyWarn, found, false, decidedWarned},
		{v1alpha1.PolicyReview, found, false, decidedReview},
		{v1alpha1.PolicyReview, found, true, decidedApproved},
		{v1alpha1.PolicyDeny, found, true, decidedDenied},
	} {
		if got := decisionOutcome(policy.Decision{Action: c.action, Findings: c.findings}, c.approved); got != c.want {
			t.Errorf("%q with %d findings, approved %v: %s, want %s", c.action, len(c.findings), c.approved, got, c.want)
		}
	}
}

func counters(t *testing.T) *telemetry.Metrics {
	t.Helper()
	m, err := telemetry.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// actionsOf lists rows by action.
func actionsOf(rows []ledger.AuditEntry) (out []string) {
	for _, e := range rows {
		out = append(out, e.Action+" "+e.Detail["reason"]+e.Detail["outcome"])
	}
	return out
}

func TestTheTrailIsBoundedAndMakesRowsAgain(t *testing.T) {
	l := newTrail(nil, nil, counters(t))
	o := bought()
	born := &v1alpha1.ZMAOrder{ObjectMeta: o.ObjectMeta}
	l.written(&Task{Stored: born, Order: o}, noon)
	want := []string{"order.transition Submitting", "order.transition Processing", "submit accepted"}
	if diff := cmp.Diff(want, actionsOf(l.rows)); diff != "" || len(l.remake) != 0 {
		t.Errorf("%s; made again: %v", diff, l.remake)
	}
	again := remade(o)
	want = slices.Insert(want, 2, "submit intended")
	if diff := cmp.Diff(want, actionsOf(again)); diff != "" {
		t.Errorf("made again: %s", diff)
	}
	for i, e := range slices.Delete(again, 2, 3) {
		if e.InputsDigest != l.rows[i].InputsDigest {
			t.Errorf("%s has another digest when it is made again", e.Action)
		}
	}
	other := bought()
	other.Name = "seen"
	l.written(&Task{Stored: other.DeepCopy(), Order: other}, noon)
	if !l.remake[nameOf(other)] || len(l.rows) != 3 {
		t.Errorf("an order that an earlier process has left is not looked at: %v", l.remake)
	}
	l.last(other)
	if l.remake[nameOf(other)] || len(l.rows) != 7 {
		t.Errorf("an order that goes is still to be looked at: %v, %d rows", l.remake, len(l.rows))
	}
	l.rows = append(l.rows, slices.Repeat([]ledger.AuditEntry{{}}, maxTrail)...)
	late := bought()
	late.Name = "late"
	l.written(&Task{Stored: &v1alpha1.ZMAOrder{ObjectMeta: late.ObjectMeta}, Order: late,
		decisions: []ledger.AuditEntry{{Action: ledger.ActionDecide, InputsDigest: "d"}}}, noon)
	if !l.remake[nameOf(late)] || l.lost != 1 || len(l.rows) != maxTrail+7 {
		t.Errorf("beyond its bound: %v to make again, %d lost, %d rows", l.remake, l.lost, len(l.rows))
	}
	if n := testutil.ToFloat64(l.metrics.AuditWaiting); n != float64(len(l.rows)) {
		t.Errorf("%v rows are said to wait, of %d", n, len(l.rows))
	}
}

func TestADecisionIsToldOnce(t *testing.T) {
	l, o := newTrail(nil, nil, counters(t)), bought()
	for _, digest := range []string{"a", "a", "b"} {
		l.written(&Task{Stored: o, Order: o, decisions: []ledger.AuditEntry{{Action: ledger.ActionDecide, InputsDigest: digest, Detail: map[string]string{"check": checkOrder}}}}, noon)
	}
	if len(l.rows) != 2 {
		t.Errorf("%d rows of two decisions", len(l.rows))
	}
}
