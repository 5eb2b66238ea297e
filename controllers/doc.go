// Package controllers reconciles the resources of zma.dev.
//
// An order moves through these states, shown as the reason of Ready:
//
//	(created) ─ Recall ─ Validate ─ VerifyPayment ─ Reserve ─ the gate: rate, flight, circuit
//	                                                │ intent written
//	                                            Submitting
//	                          ┌─────────────────────┼──────────────────────┐
//	                     no answer               accepted            refused / not sent
//	                          │                     │                      │
//	                 ResolvingSubmission ──────► Processing        RetryScheduled, AwaitingFunds,
//	                  (look up, repeat           ProviderReview    AwaitingAddress, Rejected, …
//	                   with the same key)           │                      │
//	                          │                CostPending          proof ─┴─► next attempt
//	              SubmissionOutcomeUnknown          │
//	                  (a person looks)           Placed ─► Shipped ─► Delivered
//	                                                │
//	                                      Cancelling ─► CancelledAfterPlacement, or Placed again
//	                                                └─► CancelledByRetailer ─► refund
//
// Invariants:
//
//  1. No paid call without a durable intent, no new attempt without proof that
//     the last one bought nothing: the provider's, or a person's on record.
//  2. The idempotency key of an attempt never changes: it derives from the
//     installation, the provider account, the order's identity and the attempt.
//  3. An intent that is found is taken for a call that was made, and so is a
//     reservation that the ledger has and the order does not.
//  4. Absence proves nothing: only evidence from the provider ends an attempt.
//  5. Nothing is spent that the ledger has not reserved.
//  6. Every open order is read from the provider until it is terminal, whatever
//     its age; callbacks only make that sooner.
//  7. State only moves forward: what was placed stays placed.
//  8. Four writes carry an undisturbed order from webhook to Ready: creation,
//     intent, acceptance, placement.
//  9. A deleted order goes once nothing can be owed for it and its end is on
//     record, or once a person has given it up.
//  10. What a person asks for acts once, with the write that makes it durable.
//  11. What waited for a provider, a ledger or money goes when that is back,
//     oldest first, within the account's limits.
package controllers
