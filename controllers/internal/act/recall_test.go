package act

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// recollection is a ledger that answers what it knows of one order.
type recollection struct {
	Ledger
	history *ledger.History
	err     error
	calls   int
}

func (m *recollection) History(context.Context, v1alpha1.Identity) (*ledger.History, error) {
	m.calls++
	return m.history, m.err
}

// shelf is a provider that has orders.
type shelf struct {
	zma.Client
	listed []zma.Observation
	reads  map[string]zma.Observation
	err    error
	finds  int
}

func (s *shelf) For(context.Context, *v1alpha1.ZMAAccount) (zma.Client, error) { return s, nil }

func (s *shelf) Get(_ context.Context, id string) (zma.Observation, error) {
	if s.err != nil {
		return zma.Observation{}, s.err
	}
	if o, ok := s.reads[id]; ok {
		return o, nil
	}
	return zma.Observation{}, &zma.CallError{Call: "get", Kind: zma.KindNotFound}
}

func (s *shelf) Find(_ context.Context, key, _ string, _ int64, _ time.Time) (*zma.Observation, error) {
	s.finds++
	for _, o := range s.listed {
		if o.Key == key && s.err == nil {
			return &o, nil
		}
	}
	return nil, s.err
}

func (s *shelf) List(_ context.Context, _ time.Time, visit func(zma.Observation) bool) error {
	for _, o := range s.listed {
		if !visit(o) {
			break
		}
	}
	return s.err
}

func (s *shelf) Refunds(context.Context, string, time.Time) ([]zma.Refund, error) { return nil, nil }

func payer() *v1alpha1.ZMAAccount {
	return &v1alpha1.ZMAAccount{Spec: v1alpha1.ZMAAccountSpec{ProviderAccountID: "acct"}}
}

// recallBench is an order under reconciliation with what ledger and provider know.
func recallBench(t *testing.T, sub *v1alpha1.Submission, m *recollection, s *shelf) (*Executors, *Task) {
	t.Helper()
	x, _, _ := bench(t)
	x.Ledger, x.Providers, x.CallTimeout, x.Events = m, s, time.Second, events.NewFakeRecorder(10)
	o := asked(func(o *v1alpha1.ZMAOrder) { o.Status.Submission = sub })
	if sub != nil {
		x.set(o, v1alpha1.ConditionFundsReserved, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "")
	}
	return x, &Task{Order: o, Stored: o.DeepCopy(), Account: payer()}
}

func released(n int64, code string) *ledger.History {
	return &ledger.History{Latest: ledger.Attempt{Number: n, State: ledger.AttemptReleased, ErrorCode: code, ProviderAccountID: "acct", IdempotencyKey: "key", ReservedAt: noon}}
}

// decided is what the machine makes of an order after a recall.
func decided(x *Executors, t *Task) machine.Action {
	t.Order.Finalizers = []string{v1alpha1.OrderFinalizer}
	return machine.Decide(t.Order, machine.Facts{Account: t.Account, CredentialsFound: true, Recalled: x.Recalled(t.Order)}, x.Now())
}

// TestAnOrderThatLostItsStatusWaitsAsBefore: what a person was to decide is not decided
// by the loss.
func TestAnOrderThatLostItsStatusWaitsAsBefore(t *testing.T) {
	notSent := func() *v1alpha1.Submission { return sent(v1alpha1.SubmissionNotSent, "", noon) }
	for name, c := range map[string]struct {
		sub    *v1alpha1.Submission
		ledger *ledger.History
		kind   machine.Kind
		reason string
	}{
		"a price to decide on":                         {nil, released(1, "max_price_exceeded"), machine.Stall, v1alpha1.ReasonNeedsDecision},
		"ended by hand":                                {nil, released(2, machine.CodeNotBought), machine.Stall, v1alpha1.ReasonNeedsDecision},
		"refused too often":                            {nil, released(3, "internal_error"), machine.Stall, v1alpha1.ReasonRetriesExhausted},
		"refused once by what may pass":                {nil, released(1, "internal_error"), machine.Wait, v1alpha1.ReasonRetryScheduled},
		"no money":                                     {nil, released(4, "insufficient_zma_balance"), machine.Wait, v1alpha1.ReasonAwaitingFunds},
		"an address to correct":                        {nil, released(1, "shipping_address_refused"), machine.Stall, v1alpha1.ReasonAwaitingAddress},
		"a token to renew":                             {nil, released(1, "account_locked"), machine.Stall, v1alpha1.ReasonCredentialsRefused},
		"a code of nobody's":                           {nil, released(1, "brand_new_code"), machine.Stall, v1alpha1.ReasonNeedsDecision},
		"given back unsent, when it was deleted":       {nil, released(1, ""), machine.Validate, ""},
		"given back unsent, after a pause":             {nil, released(1, "rate_limited"), machine.Validate, ""},
		"superseded":                                   {nil, released(1, machine.CodeSuperseded), machine.Validate, ""},
		"an older status than the refusal":             {notSent(), released(1, "max_price_exceeded"), machine.Stall, v1alpha1.ReasonNeedsDecision},
		"an older status than a later attempt's":       {notSent(), released(2, "max_price_exceeded"), machine.Stall, v1alpha1.ReasonNeedsDecision},
		"an older unknown outcome than the refusal":    {sent(v1alpha1.SubmissionUnknown, "", noon), released(1, machine.CodeNotBought), machine.Stall, v1alpha1.ReasonNeedsDecision},
		"an older status than what was given back":     {notSent(), released(1, machine.CodeSuperseded), machine.Validate, ""},
		"a status that is as old as the ledger's word": {notSent(), &ledger.History{Latest: ledger.Attempt{Number: 1, State: ledger.AttemptReserved}}, machine.Validate, ""},
	} {
		x, task := recallBench(t, c.sub, &recollection{history: c.ledger}, &shelf{})
		if err := x.recall(t.Context(), task, machine.Action{}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := decided(x, task); got.Kind != c.kind || got.Reason != c.reason {
			t.Errorf("%s: %+v, want %s %s", name, got, c.kind, c.reason)
		}
		if sub := task.Order.Status.Submission; sub != nil && sub.State == v1alpha1.SubmissionRejected && (sub.Attempt != c.ledger.Latest.Number || sub.IdempotencyKey != "key") {
			t.Errorf("%s: took up %+v", name, sub)
		}
	}
}

// TestAnOlderStatusIsBroughtUpToAnEnd that came since it was saved.
func TestAnOlderStatusIsBroughtUpToAnEnd(t *testing.T) {
	for name, c := range map[string]struct {
		sub     *v1alpha1.Submission
		outcome ledger.Outcome
		reason  string
		state   v1alpha1.SubmissionState
	}{
		"not sent, and bought since":    {sent(v1alpha1.SubmissionNotSent, "", noon), ledger.OutcomeBought, v1alpha1.ReasonPlaced, v1alpha1.SubmissionAccepted},
		"unknown, and bought since":     {sent(v1alpha1.SubmissionUnknown, "", noon), ledger.OutcomeBought, v1alpha1.ReasonPlaced, v1alpha1.SubmissionAccepted},
		"not sent, and cancelled since": {sent(v1alpha1.SubmissionNotSent, "", noon), ledger.OutcomeCancelled, v1alpha1.ReasonCancelled, v1alpha1.SubmissionRejected},
		"unknown, and refused since":    {sent(v1alpha1.SubmissionUnknown, "", noon), ledger.OutcomeRefused, v1alpha1.ReasonRejected, v1alpha1.SubmissionRejected},
	} {
		h := released(1, "product_unavailable")
		if c.outcome == ledger.OutcomeCancelled {
			h = released(1, "") // given back unsent
		}
		h.Outcome = c.outcome
		x, task := recallBench(t, c.sub, &recollection{history: h}, &shelf{})
		if _, err := x.Translate(t.Context(), task, x.recall(t.Context(), task, machine.Action{})); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := condition.ReadyReason(task.Order); got != c.reason || task.Order.Status.Submission.State != c.state ||
			c.state == v1alpha1.SubmissionRejected && task.Order.Status.Submission.ErrorCode == "" {
			t.Errorf("%s: %s %+v", name, got, task.Order.Status.Submission)
		}
	}
}

// TestAnOrderThatEndsUnsentIsLookedForFirst, unless this process has reserved it itself.
func TestAnOrderThatEndsUnsentIsLookedForFirst(t *testing.T) {
	reserved := &ledger.History{Latest: ledger.Attempt{Number: 1, State: ledger.AttemptReserved}}
	away := &zma.CallError{Call: "list", Kind: zma.KindUnavailable}
	for name, c := range map[string]struct {
		provider shelf
		kind     machine.Kind
		waits    bool
	}{
		"the provider has it":       {shelf{listed: []zma.Observation{{RequestID: "r1", Key: "key"}}}, machine.Abort, false},
		"the provider does not":     {shelf{}, machine.Release, false},
		"the provider has no words": {shelf{err: away}, machine.Recall, true},
	} {
		m := &recollection{history: reserved}
		x, task := recallBench(t, sent(v1alpha1.SubmissionNotSent, "", noon), m, &c.provider)
		if err := x.recall(t.Context(), task, machine.Action{}); err != nil || !x.Recalled(task.Order) || c.provider.finds != 0 {
			t.Fatalf("%s: an order that goes on: %v, %d look-ups", name, err, c.provider.finds)
		}
		task.Order.Spec.Cancel = true
		if a := decided(x, task); a.Kind != machine.Recall {
			t.Fatalf("%s: a cancelled order is not looked for: %+v", name, a)
		}
		err := x.recall(t.Context(), task, machine.Action{})
		var wait *Wait
		if errors.As(err, &wait) != c.waits || (err != nil) != c.waits {
			t.Errorf("%s: %v", name, err)
		}
		if a := decided(x, task); a.Kind != c.kind {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

// TestTheLedgerIsAskedOnce: neither again after its answer, nor about an attempt that
// this process has reserved.
func TestTheLedgerIsAskedOnce(t *testing.T) {
	m := &recollection{history: &ledger.History{Latest: ledger.Attempt{Number: 1, State: ledger.AttemptReserved}}}
	x, task := recallBench(t, sent(v1alpha1.SubmissionNotSent, "", noon), m, &shelf{})
	for range 3 {
		if x.Recalled(task.Order) {
			continue
		}
		if err := x.recall(t.Context(), task, machine.Action{}); err != nil {
			t.Fatal(err)
		}
	}
	if m.calls != 1 {
		t.Errorf("the ledger was asked %d times", m.calls)
	}
	x.recalled.set(task.Order, true)
	task.Order.Spec.Cancel = true
	if !x.Recalled(task.Order) {
		t.Error("the ledger is asked about what this process has reserved")
	}
}

// TestWhatIsRecalledKeepsTheRulesOfKstatus, of an order that is deleted, too, whose
// generation is new.
func TestWhatIsRecalledKeepsTheRulesOfKstatus(t *testing.T) {
	for name, code := range map[string]string{"given back unsent": "rate_limited", "refused": "internal_error", "to be decided on": "max_price_exceeded"} {
		for _, account := range []*v1alpha1.ZMAAccount{payer(), nil} {
			x, task := recallBench(t, sent(v1alpha1.SubmissionNotSent, "", noon), &recollection{history: released(1, code)}, &shelf{})
			condition.Progress(task.Order, v1alpha1.ReasonProviderUnavailable, "m", x.time())
			deleted := metav1.NewTime(noon)
			task.Order.Generation, task.Order.DeletionTimestamp, task.Account = 2, &deleted, account
			if err := x.recall(t.Context(), task, machine.Action{}); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, c := range task.Order.Status.Conditions {
				if c.ObservedGeneration > task.Order.Status.ObservedGeneration {
					t.Errorf("%s: %s speaks of generation %d, the status of %d", name, c.Type, c.ObservedGeneration, task.Order.Status.ObservedGeneration)
				}
			}
			if a := decided(x, task); a.Kind != machine.Finalize {
				t.Errorf("%s: %+v", name, a)
			}
		}
	}
}

// TestAnOpenOrderKeepsItsStateWhileTheLedgerIsAway, and nothing is sent meanwhile.
func TestAnOpenOrderKeepsItsStateWhileTheLedgerIsAway(t *testing.T) {
	x, task := recallBench(t, sent(v1alpha1.SubmissionUnknown, "", noon), &recollection{err: ledger.ErrUnavailable}, &shelf{})
	condition.Stall(task.Order, v1alpha1.ReasonSubmissionOutcomeUnknown, "m", x.time())
	if after, err := x.Translate(t.Context(), task, x.recall(t.Context(), task, machine.Action{})); err != nil || after <= 0 {
		t.Errorf("after %s, %v", after, err)
	}
	if got := condition.ReadyReason(task.Order); got != v1alpha1.ReasonSubmissionOutcomeUnknown || x.Recalled(task.Order) {
		t.Errorf("it is %s", got)
	}
}

// TestWhatWasNotSentIsKnownByItsCode: these words are the client's own, and no
// provider's refusal.
func TestWhatWasNotSentIsKnownByItsCode(t *testing.T) {
	limited := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }))
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	t.Cleanup(limited.Close)
	for _, url := range []string{limited.URL, gone.URL} {
		for name, newClient := range map[string]func(zma.Config) (zma.Client, error){"v1": zma.NewV1, "v2": zma.NewV2} {
			c, err := newClient(zma.Config{BaseURL: url, Token: "t", Currency: "USD", HTTP: http.DefaultClient, Now: time.Now})
			if err != nil {
				t.Fatal(err)
			}
			o := asked()
			r := c.Submit(t.Context(), zma.OrderRequest{Key: "11111111-2222-4333-8444-555555555555", Identity: "shop/web/1", Attempt: 1, Retailer: "amazon", Items: o.Spec.Items, Address: o.Spec.ShippingAddress, MaxPriceCents: 1})
			if r.Verdict == zma.NotSent && wasRefused(ledger.Attempt{ErrorCode: r.Code}) {
				t.Errorf("%s: %q passes for a refusal", name, r.Code)
			} else if r.Verdict != zma.NotSent {
				t.Errorf("%s: %+v, want it not sent", name, r)
			}
		}
	}
}

// TestAnEndWhoseWriteWasLostIsTakenUp: the ledger closed the order, and then its status
// was changed by somebody else before it could say so.
func TestAnEndWhoseWriteWasLostIsTakenUp(t *testing.T) {
	h := released(1, "product_unavailable")
	h.Outcome = ledger.OutcomeRefused
	x, task := recallBench(t, sent(v1alpha1.SubmissionRejected, "", noon), &recollection{history: h}, &shelf{})
	x.set(task.Order, v1alpha1.ConditionFundsReserved, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "It is reserved.")
	if _, err := x.Translate(t.Context(), task, x.recall(t.Context(), task, machine.Action{})); err != nil {
		t.Fatal(err)
	}
	if got := condition.ReadyReason(task.Order); got != v1alpha1.ReasonRejected || condition.IsTrue(task.Order, v1alpha1.ConditionFundsReserved) {
		t.Errorf("%s, reserved: %t", got, condition.IsTrue(task.Order, v1alpha1.ConditionFundsReserved))
	}
}
