package notify

import (
	"context"
	"errors"
	"slices"

	"github.com/zma-operator/zma-operator/internal/ledger"
)

// deliver brings one mail to its server. What is wrong with the row itself is
// found first: it would not get better by waiting for the policy.
func (w *Worker) deliver(ctx context.Context, m ledger.ClaimedMail, p loadedPolicy) Result {
	if !slices.Contains(Kinds(), m.Kind) {
		return Result{Outcome: Refused, Category: "unknown-kind"}
	}
	to, ok := recipientOf(m.Recipient)
	if !ok {
		return Result{Outcome: Refused, Category: "recipient-invalid"}
	}
	if p.settings == nil {
		return Result{Outcome: Waiting, Category: p.waiting}
	}
	rendered, err := p.settings.Templates.Render(m.Kind, m.Data)
	switch {
	case errors.Is(err, ErrBadData), errors.Is(err, ErrUnknownKind):
		return Result{Outcome: Refused, Category: "data-invalid"}
	case err != nil:
		// The sample passed, this order does not: the template has to be mended.
		return Result{Outcome: Waiting, Category: "template"}
	}
	msg, err := messageOf(m, to, p.settings, rendered, w.Now())
	if err != nil {
		return Result{Outcome: Refused, Category: "message-invalid"}
	}
	return p.settings.Server.send(ctx, msg, w.Lease/2)
}
