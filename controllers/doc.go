// Package controllers reconciles the resources of zma.dev.
//
// An order moves through these states, shown as the reason of Ready:
//
//	(created) ─ Validate ─ VerifyPayment ─ Reserve ─┐
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
//
// Invariants:
//
//  1. No paid call without a durable intent, no new attempt without proof that
//     the last one bought nothing.
//  2. The idempotency key of an attempt never changes: it derives from the
//     installation, the provider account, the order's identity and the attempt.
//  3. An intent that is found is taken for a call that was made.
//  4. Absence proves nothing: only evidence from the provider ends an attempt.
//  5. Nothing is spent that the ledger has not reserved.
//  6. Every open order is read from the provider until it is terminal, whatever
//     its age; callbacks only make that sooner.
//  7. State only moves forward: what was placed stays placed.
//  8. Four writes carry an undisturbed order from webhook to Ready: creation,
//     intent, acceptance, placement.
//  9. A deleted order goes once nothing can be owed for it and its end is on
//     record.
package controllers
