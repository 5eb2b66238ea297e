package controllers

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

func sweptAccount() *v1alpha1.ZMAAccount {
	return &v1alpha1.ZMAAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "main"},
		Spec: v1alpha1.ZMAAccountSpec{ProviderAccountID: "acct-1"}}
}

func TestWhatTheClusterKnowsOfAnAttempt(t *testing.T) {
	reserved, intent, resolved := metav1.NewTime(ago(3*time.Hour)), metav1.NewTime(ago(2*time.Hour)), metav1.NewTime(ago(time.Hour))
	want := func(f fate, mine bool, knownAt time.Time) []knownAttempt {
		return []knownAttempt{{identity: v1alpha1.Identity{Namespace: "shop", Source: "manual", ExternalID: "o"}, number: 2, key: "k2",
			requestID: "r2", fate: f, mine: mine, reservedAt: ago(3 * time.Hour), knownAt: knownAt}}
	}
	for reason, c := range map[string]struct {
		change func(*v1alpha1.ZMAOrder)
		want   []knownAttempt
	}{
		"accepted":                       {func(*v1alpha1.ZMAOrder) {}, want(fateBought, true, ago(time.Hour))},
		"accepted, without a time of it": {func(o *v1alpha1.ZMAOrder) { o.Status.Submission.ResolvedAt = nil }, want(fateBought, true, ago(2*time.Hour))},
		"refused":                        {func(o *v1alpha1.ZMAOrder) { o.Status.Submission.State = v1alpha1.SubmissionRejected }, want(fateRefused, true, ago(time.Hour))},
		"not sent: it will be, under the same key": {func(o *v1alpha1.ZMAOrder) { o.Status.Submission.State = v1alpha1.SubmissionNotSent },
			want(fateOpen, true, ago(time.Hour))},
		"about to be sent":                     {func(o *v1alpha1.ZMAOrder) { o.Status.Submission.State = v1alpha1.SubmissionIntended }, want(fateOpen, true, ago(time.Hour))},
		"without a known outcome":              {func(o *v1alpha1.ZMAOrder) { o.Status.Submission.State = v1alpha1.SubmissionUnknown }, want(fateOpen, true, ago(time.Hour))},
		"an order of another ZMAAccount":       {func(o *v1alpha1.ZMAOrder) { o.Spec.AccountRef.Name = "second" }, want(fateBought, false, ago(time.Hour))},
		"sent to another provider account":     {func(o *v1alpha1.ZMAOrder) { o.Status.Submission.ProviderAccountID = "acct-0" }, want(fateBought, false, ago(time.Hour))},
		"an order that has not come to buying": {func(o *v1alpha1.ZMAOrder) { o.Status.Submission = nil }, nil},
	} {
		t.Run(reason, func(t *testing.T) {
			o := v1alpha1.ZMAOrder{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "o"},
				Spec: v1alpha1.ZMAOrderSpec{AccountRef: v1alpha1.LocalReference{Name: "main"}}}
			o.Status.Submission = &v1alpha1.Submission{Attempt: 2, IdempotencyKey: "k2", RequestID: "r2", State: v1alpha1.SubmissionAccepted,
				ProviderAccountID: "acct-1", ReservedAt: reserved, IntentAt: intent, ResolvedAt: &resolved}
			c.change(&o)
			if diff := cmp.Diff(c.want, ofCluster([]v1alpha1.ZMAOrder{o}, sweptAccount()), cmp.AllowUnexported(knownAttempt{})); diff != "" {
				t.Errorf("attempt (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatTheLedgerKnowsOfAnAttempt(t *testing.T) {
	id := v1alpha1.Identity{Namespace: "shop", Source: "web", ExternalID: "1"}
	for reason, c := range map[string]struct {
		attempt ledger.SweepAttempt
		fate    fate
		mine    bool
	}{
		"reserved":                             {ledger.SweepAttempt{State: ledger.AttemptReserved, Account: "main", ProviderAccountID: "acct-1"}, fateOpen, true},
		"settled":                              {ledger.SweepAttempt{State: ledger.AttemptSettled, Account: "main", ProviderAccountID: "acct-1"}, fateBought, true},
		"released":                             {ledger.SweepAttempt{State: ledger.AttemptReleased, Account: "main", ProviderAccountID: "acct-1"}, fateRefused, true},
		"of another ZMAAccount":                {ledger.SweepAttempt{State: ledger.AttemptSettled, Account: "second", ProviderAccountID: "acct-1"}, fateBought, false},
		"at another account of the provider":   {ledger.SweepAttempt{State: ledger.AttemptSettled, Account: "main", ProviderAccountID: "acct-0"}, fateBought, false},
		"rebuilt: its ZMAAccount is not known": {ledger.SweepAttempt{State: ledger.AttemptSettled, ProviderAccountID: "acct-1"}, fateBought, true},
	} {
		t.Run(reason, func(t *testing.T) {
			a := c.attempt
			a.Identity, a.Number, a.IdempotencyKey, a.RequestID, a.ReservedAt, a.EndedAt = id, 1, "k1", "r1", ago(2*time.Hour), ago(time.Hour)
			want := []knownAttempt{{identity: id, number: 1, key: "k1", requestID: "r1", fate: c.fate, mine: c.mine, reservedAt: ago(2 * time.Hour), knownAt: ago(time.Hour)}}
			if diff := cmp.Diff(want, ofLedger([]ledger.SweepAttempt{a}, sweptAccount()), cmp.AllowUnexported(knownAttempt{})); diff != "" {
				t.Errorf("attempt (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAnAlertEndsByEvidenceAlone: what is only too old to be seen has not ended.
func TestAnAlertEndsByEvidenceAlone(t *testing.T) {
	for reason, c := range map[string]struct {
		kind   string
		listed []zma.Observation
		known  []knownAttempt
		ends   bool
	}{
		"an orphan is listed, and is none any more":               {KindOrderOrphaned, []zma.Observation{purchase(inPhase(zma.Failed))}, nil, true},
		"the second of two purchases is too old for the list":     {KindOrderOrphaned, nil, []knownAttempt{knows(fateBought)}, false},
		"an orphan is too old for the list":                       {KindOrderOrphaned, nil, nil, false},
		"an orphan's attempt is taken for not bought":             {KindOrderOrphaned, nil, []knownAttempt{knows(fateRefused)}, false},
		"a foreign purchase is too old for the list":              {KindUnknownPurchase, nil, nil, false},
		"a missing order is listed":                               {KindOrderMissingAtProvider, []zma.Observation{purchase()}, []knownAttempt{knows(fateBought)}, true},
		"a missing order turned out not to be bought":             {KindOrderMissingAtProvider, nil, []knownAttempt{knows(fateRefused)}, true},
		"a missing order is taken for bought, and too old to see": {KindOrderMissingAtProvider, nil, []knownAttempt{knows(fateBought)}, false},
		"a missing order of which one side only says not bought":  {KindOrderMissingAtProvider, nil, []knownAttempt{knows(fateRefused), knows(fateBought)}, false},
		"a missing order that nobody knows any more":              {KindOrderMissingAtProvider, nil, nil, false},
	} {
		t.Run(reason, func(t *testing.T) {
			e := evidence{listed: byRequest(c.listed), known: newKnown(c.known)}
			if got := e.explains(c.kind, "r1"); got != c.ends {
				t.Errorf("ends: %t, want %t", got, c.ends)
			}
		})
	}
}
