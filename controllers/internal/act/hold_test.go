package act

import (
	"testing"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/condition"
	"github.com/zma-operator/zma-operator/controllers/internal/machine"
)

// TestAChangeAfterTheEndIsObserved: nothing comes of it, but whoever waits until it
// was seen, as retention does, would wait for ever.
func TestAChangeAfterTheEndIsObserved(t *testing.T) {
	x := &Executors{Config: Config{Now: func() time.Time { return noon }}}
	o := bought()
	condition.Stall(o, v1alpha1.ReasonRejected, "Refused.", x.time())
	o.Generation++
	if err := x.done(t.Context(), &Task{Order: o}, machine.Action{}); err != nil || o.Status.ObservedGeneration != o.Generation {
		t.Errorf("observed %d of %d, %v", o.Status.ObservedGeneration, o.Generation, err)
	}
}

func TestOnlyOrdersThatWaitForFundsAreInTheirIndex(t *testing.T) {
	o := bought()
	o.Spec.AccountRef.Name = "main"
	if got := WaitsForFunds(o); got != nil {
		t.Errorf("an order under way is in the index: %q", got)
	}
	x := &Executors{Config: Config{Now: func() time.Time { return noon }}}
	condition.Progress(o, v1alpha1.ReasonAwaitingFunds, "No money.", x.time())
	x.set(o, v1alpha1.ConditionFundsReserved, "False", v1alpha1.ReasonAwaitingFunds, "No money.")
	if got := WaitsForFunds(o); len(got) != 1 || got[0] != "main" {
		t.Errorf("the index has %q", got)
	}
}
