package act

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

func TestAnAttemptIsOutdatedByWhatItWouldSend(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Task)
		want   bool
	}{
		"nothing has changed":              {func(*Task) {}, false},
		"the address":                      {func(t *Task) { t.Order.Spec.ShippingAddress.Line1 = "12 Main St" }, true},
		"its writing alone":                {func(t *Task) { t.Order.Spec.ShippingAddress.City = " Portland  " }, false},
		"its writing, which is to be kept": {func(t *Task) { t.Order.Spec.ShippingAddress.City = " Portland  "; t.Policy = asWritten() }, true},
		"a cap below the ceiling":          {func(t *Task) { t.Account.Spec.MaxPrice.CapCents = new(int64(100)) }, true},
		"a cap above the ceiling":          {func(t *Task) { t.Account.Spec.MaxPrice.CapCents = new(int64(1_000_000)) }, false},
		"a higher rule":                    {func(t *Task) { t.Account.Spec.MaxPrice.FixedCents = new(int64(9000)) }, true},
		"what no call carries":             {func(t *Task) { t.Order.Spec.Suspend = true; t.Account.Spec.Budget = &v1alpha1.Budget{} }, false},
		"the account is gone":              {func(t *Task) { t.Account = nil }, false},
		"no attempt":                       {func(t *Task) { t.Order.Status.Submission = nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			task := &Task{Order: prepared(), Account: &v1alpha1.ZMAAccount{}}
			c.change(task)
			if got := Outdated(task); got != c.want {
				t.Errorf("outdated is %v, want %v", got, c.want)
			}
		})
	}
}

func asWritten() *v1alpha1.OrderPolicy {
	return &v1alpha1.OrderPolicy{Spec: v1alpha1.OrderPolicySpec{Address: &v1alpha1.AddressRule{Normalise: new(false)}}}
}

// lister is a provider whose list holds what it is told.
type lister struct {
	zma.Client
	found *zma.Observation
	err   error
}

func (l lister) For(context.Context, *v1alpha1.ZMAAccount) (zma.Client, error) { return l, nil }

func (l lister) Find(context.Context, string, string, int64, time.Time) (*zma.Observation, error) {
	return l.found, l.err
}

// memory is a ledger that remembers, or is away.
type memory struct {
	Ledger
	history *ledger.History
	err     error
}

func (m memory) History(context.Context, v1alpha1.Identity) (*ledger.History, error) {
	return m.history, m.err
}

func TestAnUnsentAttemptEndsOnlyWhenNobodyKnowsOfIt(t *testing.T) {
	away := errors.New("away")
	for name, c := range map[string]struct {
		provider lister
		ledger   memory
		taken    bool // somebody else has changed the order
		state    v1alpha1.SubmissionState
		code     string
		reason   string // of what is waited for
	}{
		"nobody does":                   {state: v1alpha1.SubmissionRejected, code: machine.CodeSuperseded},
		"the provider lists it":         {provider: lister{found: &zma.Observation{RequestID: "r1"}}, state: v1alpha1.SubmissionAccepted},
		"the provider can't be asked":   {provider: lister{err: away}, state: v1alpha1.SubmissionNotSent, reason: v1alpha1.ReasonProviderUnavailable},
		"the ledger has the purchase":   {ledger: memory{history: &ledger.History{Outcome: ledger.OutcomeBought, Latest: ledger.Attempt{Number: 1, RequestID: "r1"}}}, state: v1alpha1.SubmissionAccepted},
		"the ledger has it as reserved": {ledger: memory{history: &ledger.History{Latest: ledger.Attempt{Number: 1, State: ledger.AttemptReserved}}}, state: v1alpha1.SubmissionRejected, code: machine.CodeSuperseded},
		"the ledger is away":            {ledger: memory{err: ledger.ErrUnavailable}, state: v1alpha1.SubmissionNotSent, reason: v1alpha1.ReasonLedgerUnavailable},
		"it was sent meanwhile":         {taken: true, state: v1alpha1.SubmissionIntended},
	} {
		t.Run(name, func(t *testing.T) {
			x, api, _ := bench(t)
			config := x.Config
			config.Ledger, config.Providers = c.ledger, c.provider
			x = New(config)
			o := prepared()
			condition.Set(o, v1alpha1.ConditionValidated, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "", metav1.NewTime(noon))
			if err := api.Create(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			task := &Task{Order: o.DeepCopy(), Stored: o.DeepCopy(), Account: &v1alpha1.ZMAAccount{Spec: v1alpha1.ZMAAccountSpec{ProviderAccountID: "acct"}}}
			if c.taken {
				o.Status.Submission.State = v1alpha1.SubmissionIntended
				if err := api.Status().Update(t.Context(), o); err != nil {
					t.Fatal(err)
				}
			}
			err := x.supersede(t.Context(), task, machine.Action{})
			var wait *Wait
			if errors.As(err, &wait) != (c.reason != "") || (wait != nil && wait.Reason != c.reason) || IsChanged(err) != c.taken {
				t.Errorf("got %v", err)
			}
			var kept v1alpha1.ZMAOrder
			if err := api.Get(t.Context(), nameOf(o), &kept); err != nil {
				t.Fatal(err)
			}
			if c.ledger.history != nil && c.ledger.history.Outcome != "" {
				kept = *task.Order // it is written with what follows
			}
			if got := kept.Status.Submission; got.State != c.state || got.ErrorCode != c.code {
				t.Errorf("the attempt is %s %s, want %s %s", got.State, got.ErrorCode, c.state, c.code)
			}
			if c.code != "" && (condition.IsTrue(&kept, v1alpha1.ConditionValidated) || !condition.IsTrue(&kept, v1alpha1.ConditionFundsReserved)) {
				t.Errorf("conditions: %+v", kept.Status.Conditions)
			}
		})
	}
}

// TestTheTrailTellsOfNoCallThatWasNotMade: an attempt that is ended unsent has the rows
// of its calls, and none for its end, which the release tells of.
func TestTheTrailTellsOfNoCallThatWasNotMade(t *testing.T) {
	end := func(o *v1alpha1.ZMAOrder) *v1alpha1.ZMAOrder {
		out, at := o.DeepCopy(), metav1.NewTime(noon.Add(time.Hour))
		out.Status.Submission.State, out.Status.Submission.ErrorCode, out.Status.Submission.ResolvedAt = v1alpha1.SubmissionRejected, machine.CodeSuperseded, &at
		return out
	}
	unsent := prepared()
	unsent.Status.Submission.IntentAt = metav1.NewTime(noon.Add(time.Minute))
	for name, o := range map[string]*v1alpha1.ZMAOrder{"never called": prepared(), "called, and not sent": unsent} {
		o.Status.History = nil
		if rows := newCall(o, end(o), noon); rows != nil {
			t.Errorf("%s: the end has rows: %v", name, actionsOf(rows))
		}
		if diff := cmp.Diff(remade(o), remade(end(o))); diff != "" {
			t.Errorf("%s: other rows are made again (-before its end +after):\n%s", name, diff)
		}
	}
}

// TestTheFirstIntentOfAnAttemptIsKept through its repeats, and is that of a call which
// may have arrived.
func TestTheFirstIntentOfAnAttemptIsKept(t *testing.T) {
	now := noon
	x := counter(t, &till{}, &now)
	o := prepared()
	if err := x.Client.Create(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	task := &Task{Order: o.DeepCopy(), Stored: o.DeepCopy(), Account: &v1alpha1.ZMAAccount{}}
	for _, c := range []struct {
		result zma.SubmitResult
		first  time.Duration // after noon; negative when there is none
	}{
		{zma.SubmitResult{Verdict: zma.NotSent}, -1},
		{zma.SubmitResult{Verdict: zma.Unknown}, 2 * time.Minute},
		{zma.SubmitResult{Verdict: zma.NotSent}, 2 * time.Minute},
		{zma.SubmitResult{Verdict: zma.Accepted, RequestID: "r1"}, 2 * time.Minute},
	} {
		now = now.Add(time.Minute)
		if err := x.intend(t.Context(), task); err != nil {
			t.Fatal(err)
		}
		if sub := task.Order.Status.Submission; !sub.IntentAt.Time.Equal(now) || sub.FirstIntentAt == nil {
			t.Errorf("the intent is of %s, the first of %v, want %s", sub.IntentAt, sub.FirstIntentAt, now)
		}
		x.apply(task, c.result)
		switch first := task.Order.Status.Submission.FirstIntentAt; {
		case c.first < 0 && first != nil:
			t.Errorf("%s: nothing was sent, but the first intent is of %s", now, first)
		case c.first >= 0 && (first == nil || !first.Time.Equal(noon.Add(c.first))):
			t.Errorf("%s: the first intent is of %v, want %s", now, first, noon.Add(c.first))
		}
	}
}
