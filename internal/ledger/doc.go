// Package ledger holds the only SQL of the product: which order may spend how
// much, what was spent, and the records around it.
//
// The paid call is made once because Reserve admits each attempt of an order
// once. Everything it decides on is read inside one transaction that holds the
// account's row, so that two replicas can't spend the same money. Reserve,
// Settle, Release, Enqueue and Mirror are idempotent: after an error that wraps
// ErrUnavailable their effect may have happened, and repeating them is right.
//
// Tables, invariants and transactions are described in docs/ledger.md.
package ledger
