package controllers

import (
	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// Snapshots is what the mirror keeps of orders as they were read. Those that are not
// the order that they claim to be are left out.
func Snapshots(orders []v1alpha1.ZMAOrder) []ledger.Snapshot {
	var out []ledger.Snapshot
	for i := range orders {
		if v1alpha1.HasDerivedName(&orders[i]) {
			out = append(out, snapshot(&orders[i]))
		}
	}
	return out
}
