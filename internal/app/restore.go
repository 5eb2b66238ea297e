package app

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"text/tabwriter"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// ErrNotAllRestored means that at least one order could not be written back.
var ErrNotAllRestored = errors.New("not every order could be written back; repeating is safe")

// restorePage is how many orders are read from Postgres at a time.
const restorePage = 200

// RestoreOptions say which orders are written back.
type RestoreOptions struct {
	// Name of one order; empty with AllOpen.
	Name string
	// AllOpen takes every order that had neither ended nor gone.
	AllOpen bool
	// Namespace of the orders; "all" means each, with AllOpen.
	Namespace string
	// DryRun asks the API server what it would say, and changes nothing.
	DryRun bool
}

// what became of an order.
const (
	resultRestored = "restored"
	resultExists   = "exists"
	resultFailed   = "failed"
)

// restoring is one run of the command.
type restoring struct {
	options RestoreOptions
	ledger  *ledger.Ledger
	client  client.Client
	actor   string
	table   *tabwriter.Writer
	counts  map[string]int
}

// Restore writes orders back into the cluster from Postgres. Orders that exist are
// left alone, so it may be repeated. It returns ErrNotAllRestored when an order
// could not be written.
func Restore(ctx context.Context, env Environment, o RestoreOptions) (err error) {
	if (o.Name == "") != o.AllOpen || o.Namespace == "" || (o.Name != "" && o.Namespace == "all") {
		return errors.New("name one order and its namespace, or give --all-open")
	}
	c, l, err := connect(ctx, env)
	if err != nil {
		return err
	}
	defer l.Close()
	r := &restoring{
		options: o, ledger: l, client: c, actor: whoAmI(ctx, c), counts: map[string]int{},
		table: tabwriter.NewWriter(env.Out, 0, 4, 2, ' ', 0),
	}
	return r.run(ctx, env)
}

func (r *restoring) run(ctx context.Context, env Environment) error {
	if !r.options.DryRun {
		// What is written back has lower resource versions than what was lost.
		if _, err := r.ledger.BeginEpoch(ctx, ledger.EpochRestore, r.actor); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintln(r.table, "NAMESPACE\tNAME\tSTATUS\tRESULT"); err != nil {
		return err
	}
	err := errors.Join(r.each(ctx), r.table.Flush())
	suffix := ""
	if r.options.DryRun {
		suffix = " (dry run, nothing was changed)"
	}
	_, printed := fmt.Fprintf(env.Out, "%d restored, %d exist, %d failed%s\n",
		r.counts[resultRestored], r.counts[resultExists], r.counts[resultFailed], suffix)
	if err == nil && r.counts[resultFailed] > 0 {
		err = ErrNotAllRestored
	}
	return errors.Join(err, printed)
}

func (r *restoring) each(ctx context.Context) error {
	if !r.options.AllOpen {
		s, err := r.ledger.StoredOrder(ctx, r.options.Namespace, r.options.Name)
		if err != nil {
			return err
		}
		return r.one(ctx, s)
	}
	namespace := r.options.Namespace
	if namespace == "all" {
		namespace = ""
	}
	var after v1alpha1.Identity
	for {
		page, err := r.ledger.OpenOrders(ctx, namespace, after, restorePage)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, s := range page {
			if err := r.one(ctx, s); err != nil {
				return err
			}
		}
		after = page[len(page)-1].Identity
	}
}

// one writes one order back and says what came of it. Its failure is counted and
// holds up no other; an error ends the run.
func (r *restoring) one(ctx context.Context, s ledger.StoredOrder) error {
	result, reason := r.write(ctx, s)
	r.counts[result]++
	if reason != "" {
		reason = ": " + reason
	}
	_, err := fmt.Fprintf(r.table, "%s\t%s\t%s\t%s%s\n", s.Identity.Namespace, s.Name, s.Reason, result, reason)
	if err != nil || r.options.DryRun || result != resultRestored {
		return err
	}
	return r.ledger.Audit(ctx, ledger.AuditEntry{
		Actor: r.actor, Action: ledger.ActionRestoreOrder, Namespace: s.Identity.Namespace, Object: s.Name, Attempt: s.Attempt,
		InputsDigest: ledger.InputsDigest(ledger.ActionRestoreOrder, s.Identity.Namespace, s.Identity.Source, s.Identity.ExternalID,
			strconv.FormatInt(s.Attempt, 10), string(s.AttemptState), string(s.Outcome), s.Reason),
		Detail: map[string]string{"status": s.Reason},
	})
}

func (r *restoring) write(ctx context.Context, s ledger.StoredOrder) (result, reason string) {
	o := s.Object()
	switch {
	case o == nil && s.Erased:
		return resultFailed, "its personal data was erased"
	case o == nil:
		return resultFailed, "its spec is not stored"
	}
	leaving := s.Order.DeletionTimestamp != nil && !s.Deleted
	status := o.Status.DeepCopy()
	var options []client.CreateOption
	if r.options.DryRun {
		options = append(options, client.DryRunAll)
	}
	if err := r.client.Create(ctx, o, options...); err != nil {
		if apierrors.IsAlreadyExists(err) {
			return resultExists, ""
		}
		return resultFailed, string(apierrors.ReasonForError(err))
	}
	if r.options.DryRun {
		return resultRestored, ""
	}
	o.Status = *status
	if err := r.client.Status().Update(ctx, o); err != nil && !apierrors.IsConflict(err) {
		// A controller that was faster has asked the books; any other failure leaves an
		// order that will.
		return resultFailed, "without its status: " + string(apierrors.ReasonForError(err))
	}
	if leaving {
		if err := r.client.Delete(ctx, o); client.IgnoreNotFound(err) != nil {
			return resultFailed, "its deletion: " + string(apierrors.ReasonForError(err))
		}
	}
	return resultRestored, ""
}
