package ledger

import (
	"crypto/sha256"
	"encoding/hex"
)

// Actions of the audit trail. Nothing else is ever written; docs/audit.md says what
// each means.
const (
	ActionReserve       = "reserve"
	ActionRefuse        = "refuse"
	ActionSettle        = "settle"
	ActionRelease       = "release"
	ActionRefund        = "refund"
	ActionSubmit        = "submit"
	ActionDecide        = "decide"
	ActionTransition    = "order.transition"
	ActionRecover       = "order.recover"
	ActionRestoreOrder  = "order.restore"
	ActionRestore       = "restore"
	ActionRebuild       = "rebuild"
	ActionRemoveOrder   = "order.remove"
	ActionEraseOrder    = "order.erase"
	ActionEraseCustomer = "customer.erase"
	ActionSecurity      = "security"
)

// AuditActions are all of them.
func AuditActions() []string {
	return []string{
		ActionReserve, ActionRefuse, ActionSettle, ActionRelease, ActionRefund, ActionSubmit, ActionDecide,
		ActionTransition, ActionRecover, ActionRestoreOrder, ActionRestore, ActionRebuild,
		ActionRemoveOrder, ActionEraseOrder, ActionEraseCustomer, ActionSecurity,
	}
}

// InputsDigest is the SHA-256, in hexadecimal, over what a decision rested on: each
// part after its length, so that no two lists have one digest. It is not keyed: no
// part may be personal data, which could be guessed from it.
func InputsDigest(parts ...string) string {
	var b []byte
	for _, p := range parts {
		b = appendText(b, p)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
