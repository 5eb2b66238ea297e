package act

import (
	"context"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
	"github.com/zma-operator/zma-operator/controllers/internal/pace"
	"github.com/zma-operator/zma-operator/controllers/internal/payment"
	"github.com/zma-operator/zma-operator/controllers/internal/policy"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
	"github.com/zma-operator/zma-operator/internal/ledger"
	"github.com/zma-operator/zma-operator/internal/secrets"
	"github.com/zma-operator/zma-operator/internal/telemetry"
)

// Ledger is what the executors need of package ledger.
type Ledger interface {
	History(context.Context, v1alpha1.Identity) (*ledger.History, error)
	Reserve(context.Context, ledger.Reservation) (ledger.ReserveResult, error)
	Settle(context.Context, ledger.Settlement) error
	Release(context.Context, ledger.Release) error
	Mirror(context.Context, []ledger.Snapshot) error
	ClaimPayment(ctx context.Context, id v1alpha1.Identity, provider v1alpha1.PaymentProvider, reference string) (bool, error)
	Customer(ctx context.Context, o *v1alpha1.ZMAOrder, window time.Duration) (ledger.CustomerHistory, error)
	MailStates(context.Context, v1alpha1.Identity) (map[string]string, error)
	LogRecovery(context.Context, ledger.RecoveryEntry) error
	RecordRequest(ctx context.Context, e ledger.RecoveryEntry, request string, audit ledger.AuditEntry) error
	Refund(context.Context, ledger.Refund) (totalCents int64, err error)
	RaiseAlert(context.Context, ledger.Alert) (bool, error)
	ResolveAlert(ctx context.Context, key string) (bool, error)
	Audit(context.Context, ...ledger.AuditEntry) error
}

// Providers gives the client of an account's provider.
type Providers interface {
	For(ctx context.Context, account *v1alpha1.ZMAAccount) (zma.Client, error)
}

// Policies gives the compiled policy of an order.
type Policies interface {
	Get(p *v1alpha1.OrderPolicy) (*policy.Compiled, error)
}

// Config wires the executors.
type Config struct {
	// Client writes orders.
	Client client.Client
	// Live reads orders past the cache.
	Live client.Reader
	// Ledger records money.
	Ledger Ledger
	// Providers gives clients of the ZMA API.
	Providers Providers
	// Gates pace submissions.
	Gates *pace.Registry
	// Policies compiles order policies.
	Policies Policies
	// Payments gives the verifier of customers' payments for an account.
	Payments func(*v1alpha1.ZMAAccount) payment.Verifier
	// Secrets reads callback keys.
	Secrets *secrets.Reader
	// Polls remembers when orders were last read.
	Polls *Polls
	// Events records events.
	Events events.EventRecorder
	// Metrics counts.
	Metrics *telemetry.Metrics
	// Now is the clock.
	Now func() time.Time
	// Roll gives random numbers in [0,1) for back-off.
	Roll func() float64
	// CallTimeout bounds one call to the provider. It must be shorter than the
	// controller's drain, so that a call under way can end before the process.
	CallTimeout time.Duration
	// WriteTimeout bounds the write of a paid call's outcome.
	WriteTimeout time.Duration
	// AllowUnstamped acts on requests for recovery also where the API server does not
	// stamp who asked.
	AllowUnstamped bool
	// MailQueued is called when a mail has been put into the outbox.
	MailQueued func()
	// BalanceMoved is called when an account's balance is not what its status says.
	// It must not block.
	BalanceMoved func(account types.NamespacedName)
}

// Executors carry out actions.
type Executors struct {
	Config
	alerts   alerted
	recalled recalled
	verified verified
	recorded recorded
	ignored  ignored
	balances balances
	variance variances
	trail    *Trail
}

// New makes the executors.
func New(c Config) *Executors {
	return &Executors{Config: c, trail: newTrail(c.Client, c.Ledger, c.Metrics)}
}

// Trail writes the audit rows that the executors gather. It has to be started.
func (x *Executors) Trail(log logr.Logger) *Trail {
	x.trail.log = log
	return x.trail
}

// Task is one order under reconciliation, with what belongs to it.
type Task struct {
	// Order in memory; executors change its status.
	Order *v1alpha1.ZMAOrder
	// Stored is the order as last read or written; what differs from it has to be
	// written.
	Stored *v1alpha1.ZMAOrder
	// Account that pays; nil when it does not exist.
	Account *v1alpha1.ZMAAccount
	// Policy of the order; nil when it names none.
	Policy *v1alpha1.OrderPolicy
	// Notifications of the account; nil when there are none.
	Notifications *v1alpha1.NotificationPolicy
	// Asked is what a person has asked for by annotation and AskedBy who that is;
	// empty when nothing is asked.
	Asked, AskedBy string
	// AskedIgnored tells that something is asked for which does not count, because
	// nobody has stamped who asked.
	AskedIgnored bool

	// decisions since the status was last written.
	decisions []ledger.AuditEntry
}

// executor does the effect of one kind of action.
type executor func(context.Context, *Task, machine.Action) error

// Do carries out an action. After Wait, Stall and Done there is nothing more to
// do for now; after any other the order is decided upon again.
func (x *Executors) Do(ctx context.Context, t *Task, a machine.Action) error {
	do, ok := x.table()[a.Kind]
	if !ok {
		return fmt.Errorf("no executor for %q", a.Kind)
	}
	logr.FromContextOrDiscard(ctx).V(1).Info("Acting", "action", a.Kind, "attempt", attemptOf(t.Order))
	return do(ctx, t, a)
}

func (x *Executors) table() map[machine.Kind]executor {
	return map[machine.Kind]executor{
		machine.AddFinalizer:  x.addFinalizer,
		machine.Finalize:      x.finalize,
		machine.Recall:        x.recall,
		machine.Validate:      x.validate,
		machine.VerifyPayment: x.verifyPayment,
		machine.Reserve:       x.reserveAsked,
		machine.Supersede:     x.supersede,
		machine.Submit:        x.submit,
		machine.Resolve:       x.resolve,
		machine.Observe:       x.observe,
		machine.RecordCost:    x.recordCost,
		machine.Release:       x.release,
		machine.Abort:         x.abort,
		machine.Recover:       x.recover,
		machine.Cancel:        x.cancelPlaced,

		machine.FollowCancellation: x.followCancellation,

		machine.Wait:  x.wait,
		machine.Stall: x.stall,
		machine.Done:  x.done,
	}
}

func attemptOf(o *v1alpha1.ZMAOrder) int64 {
	if o.Status.Submission == nil {
		return 0
	}
	return o.Status.Submission.Attempt
}
