// Package zmasim is a local stand-in for the ZMA API: version 1, and version 2 on
// an address of its own.
//
// It speaks HTTP like the provider does (orders, cancellations, cases, balance,
// callbacks), answers a repeated idempotency key with the first answer for ever,
// and can be told to misbehave at any step. Beside that it keeps an account of
// its own of every request and every purchase, which is what tests believe: a
// client that buys twice can deceive itself, but not this record.
//
// The first product's ID of an order decides how the order ends; see Product*.
// Faults are rules added while the server runs; see Fault.
package zmasim
