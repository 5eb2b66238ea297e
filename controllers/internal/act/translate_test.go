package act

import (
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// TestAnEndedOrderDoesNotGoOnBecauseItsRecordWaits: deleting a cancelled order while
// Postgres is away must not show it as under way again.
func TestAnEndedOrderDoesNotGoOnBecauseItsRecordWaits(t *testing.T) {
	x, _, _ := bench(t)
	o := &v1alpha1.ZMAOrder{}
	condition.Stall(o, v1alpha1.ReasonCancelled, "m", metav1.NewTime(noon))
	away := fromLedger(fmt.Errorf("dial: %w", ledger.ErrUnavailable))
	after, err := x.Translate(t.Context(), &Task{Order: o}, quietly(away))
	if err != nil || after != ledgerPause || condition.ReadyReason(o) != v1alpha1.ReasonCancelled {
		t.Errorf("looks again after %s, %v, as %s", after, err, condition.ReadyReason(o))
	}
	if after, err = x.Translate(t.Context(), &Task{Order: o}, away); err != nil || after != ledgerPause || condition.ReadyReason(o) != v1alpha1.ReasonLedgerUnavailable {
		t.Errorf("an order under way looks again after %s, %v, as %s", after, err, condition.ReadyReason(o))
	}
}
