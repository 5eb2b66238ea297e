package machine

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

func TestDecide(t *testing.T) {
	const (
		intended = v1alpha1.SubmissionIntended
		accepted = v1alpha1.SubmissionAccepted
		refused  = v1alpha1.SubmissionRejected
		notSent  = v1alpha1.SubmissionNotSent
		unknown  = v1alpha1.SubmissionUnknown
	)
	observed := func(ago time.Duration) func(*Facts) {
		return func(f *Facts) { f.LastObserved, f.Jitter = t0.Add(-ago), 0.5 }
	}
	otherAccount := func(f *Facts) { f.Account.Spec.ProviderAccountID = "acct-2" }
	forgotten := func(f *Facts) { f.Recalled = false }
	noAccount := func(f *Facts) { f.Account = nil }
	recorded := passed(v1alpha1.ConditionCostRecorded, v1alpha1.ConditionFundsReserved)

	for name, c := range map[string]struct {
		order  *v1alpha1.ZMAOrder
		facts  Facts
		kind   Kind
		reason string
		check  func(Action) bool
	}{
		// Before anything is bought.
		"an order without the finalizer gets it first":             {order: order(func(o *v1alpha1.ZMAOrder) { o.Finalizers = nil }), kind: AddFinalizer},
		"a name that is not the source's is refused":               {order: order(func(o *v1alpha1.ZMAOrder) { o.Name = "zo-other" }), kind: Stall, reason: v1alpha1.ReasonNameMismatch},
		"a fresh order is validated":                               {order: order(), kind: Validate},
		"a validated order has its payment verified":               {order: order(passed(v1alpha1.ConditionValidated)), kind: VerifyPayment},
		"validation of an older generation does not count":         {order: order(passed(v1alpha1.ConditionValidated), func(o *v1alpha1.ZMAOrder) { o.Generation = 2 }), kind: Validate},
		"a paid order reserves its first attempt":                  {order: order(passed(v1alpha1.ConditionValidated, v1alpha1.ConditionPaymentVerified)), kind: Reserve, check: func(a Action) bool { return a.Attempt == 1 }},
		"a reserved order is submitted":                            {order: order(checked(), attempt(1, notSent)), kind: Submit},
		"a reservation without its submission is made again":       {order: order(checked()), kind: Reserve, check: func(a Action) bool { return a.Attempt == 1 }},
		"a suspended order spends nothing":                         {order: order(checked(), suspend), kind: Stall, reason: v1alpha1.ReasonSuspended},
		"a suspended account spends nothing":                       {order: order(checked()), facts: facts(func(f *Facts) { f.Account.Spec.Suspend = true }), kind: Stall, reason: v1alpha1.ReasonSuspended},
		"without an account the order waits":                       {order: order(checked()), facts: facts(noAccount), kind: Wait, reason: v1alpha1.ReasonAccountNotReady},
		"without a token the order waits":                          {order: order(checked()), facts: facts(func(f *Facts) { f.CredentialsFound = false }), kind: Wait, reason: v1alpha1.ReasonAccountNotReady},
		"a policy that does not compile holds the order":           {order: order(checked()), facts: facts(func(f *Facts) { f.PolicyProblem = "bad" }), kind: Wait, reason: v1alpha1.ReasonPolicyNotReady},
		"a scheduled order waits for its time":                     {order: order(checked(), func(o *v1alpha1.ZMAOrder) { at := metav1.NewTime(t0.Add(time.Hour)); o.Spec.NotBefore = &at }), kind: Wait, reason: v1alpha1.ReasonScheduled, check: func(a Action) bool { return a.After == time.Hour }},
		"a scheduled order goes when its time has come":            {order: order(checked(), attempt(1, notSent), func(o *v1alpha1.ZMAOrder) { at := metav1.NewTime(t0); o.Spec.NotBefore = &at }), kind: Submit},
		"cancelling before submission closes the identity":         {order: order(cancel), kind: Release, reason: v1alpha1.ReasonCancelled, check: func(a Action) bool { return a.Final }},
		"cancelling wins over a missing account":                   {order: order(cancel), facts: facts(noAccount), kind: Release, reason: v1alpha1.ReasonCancelled},
		"a cancelled order is left alone":                          {order: order(cancel, stalled(v1alpha1.ReasonCancelled)), kind: Done},
		"a denied order is left alone":                             {order: order(stalled(v1alpha1.ReasonDenied)), kind: Done},
		"an order awaiting a corrected address is looked at again": {order: order(stalled(v1alpha1.ReasonAwaitingAddress)), kind: Validate},

		// What the ledger may know of an order whose status knows of no attempt.
		"the ledger is asked about a fresh order first":                  {order: order(), facts: facts(forgotten), kind: Recall},
		"the ledger is asked before an order is called cancelled":        {order: order(cancel), facts: facts(forgotten), kind: Recall},
		"the ledger is asked before a deleted order goes":                {order: order(deleted), facts: facts(forgotten), kind: Recall},
		"the ledger is asked before an order ends with a failed attempt": {order: order(attempt(1, refused, code("insufficient_zma_balance")), cancel), facts: facts(forgotten), kind: Recall},
		"the ledger is asked before a failed order is deleted":           {order: order(attempt(1, refused, code("insufficient_zma_balance")), deleted), facts: facts(forgotten), kind: Recall},
		"a failed order that goes on does not ask":                       {order: order(attempt(1, refused, code("insufficient_zma_balance")), retryAt(t0.Add(time.Minute))), facts: facts(forgotten), kind: Wait, reason: v1alpha1.ReasonAwaitingFunds},
		"an order with an attempt speaks for itself":                     {order: order(attempt(1, accepted)), facts: facts(forgotten), kind: Observe},
		"the ledger is not asked about an order that has ended":          {order: order(stalled(v1alpha1.ReasonCancelled)), facts: facts(forgotten), kind: Done},
		"an abandoned order goes without the ledger":                     {order: order(abandonedByHand, deleted), facts: facts(forgotten), kind: Finalize},
		"a deleted order of the wrong name goes without a look-up":       {order: order(deleted, func(o *v1alpha1.ZMAOrder) { o.Name = "zo-other" }), facts: facts(forgotten), kind: Finalize},

		// A call that provably was not made.
		"what was not sent is sent again with the same attempt":  {order: order(checked(), attempt(1, notSent)), kind: Submit},
		"what was prepared for another account is not sent":      {order: order(checked(), attempt(1, notSent)), facts: facts(otherAccount), kind: Stall, reason: v1alpha1.ReasonProviderAccountChanged},
		"what was not sent waits for its pause":                  {order: order(checked(), attempt(1, notSent), retryAt(t0.Add(time.Minute))), kind: Wait, reason: v1alpha1.ReasonProviderUnavailable},
		"what was not sent and not reserved reserves the same":   {order: order(passed(v1alpha1.ConditionValidated, v1alpha1.ConditionPaymentVerified), attempt(2, notSent)), kind: Reserve, check: func(a Action) bool { return a.Attempt == 2 }},
		"cancelling what was not sent gives the money back":      {order: order(checked(), attempt(1, notSent), cancel), kind: Release, reason: v1alpha1.ReasonCancelled},
		"deleting what was not sent waits for nothing":           {order: order(checked(), attempt(1, notSent), deleted), kind: Finalize},
		"an intent found after a crash is never simply repeated": {order: order(checked(), attempt(1, intended)), kind: Resolve},

		// A call without a known outcome.
		"an unknown outcome is resolved, with leave to repeat":          {order: order(checked(), attempt(1, unknown)), kind: Resolve, check: func(a Action) bool { return a.Repeat }},
		"an unknown outcome waits for its pause":                        {order: order(checked(), attempt(1, unknown), retryAt(t0.Add(time.Second))), kind: Wait, reason: v1alpha1.ReasonResolvingSubmission},
		"a suspended order is looked up but not repeated":               {order: order(attempt(1, unknown), suspend), kind: Resolve, check: func(a Action) bool { return !a.Repeat }},
		"a cancelled order is looked up but not repeated":               {order: order(attempt(1, unknown), cancel), kind: Resolve, check: func(a Action) bool { return !a.Repeat }},
		"a deleted order is looked up but not repeated":                 {order: order(attempt(1, unknown), deleted), kind: Resolve, check: func(a Action) bool { return !a.Repeat }},
		"past the window a person is asked":                             {order: order(attempt(1, unknown, func(s *v1alpha1.Submission) { s.ReservedAt = metav1.NewTime(t0.Add(-25 * time.Hour)) }), retryAt(t0.Add(time.Minute))), kind: Stall, reason: v1alpha1.ReasonSubmissionOutcomeUnknown, check: func(a Action) bool { return a.After > 0 }},
		"past the window it still looks, and never repeats":             {order: order(attempt(1, unknown, func(s *v1alpha1.Submission) { s.ReservedAt = metav1.NewTime(t0.Add(-25 * time.Hour)) })), kind: Resolve, check: func(a Action) bool { return !a.Repeat }},
		"another provider account is never asked":                       {order: order(attempt(1, unknown)), facts: facts(otherAccount), kind: Stall, reason: v1alpha1.ReasonProviderAccountChanged},
		"an open attempt outlives its account":                          {order: order(attempt(1, unknown)), facts: facts(noAccount), kind: Wait, reason: v1alpha1.ReasonAccountNotReady},
		"an order that the provider itself does not know is read on":    {order: order(attempt(1, unknown, func(s *v1alpha1.Submission) { s.RequestID = "r" })), kind: Observe},
		"an order that the provider does not know waits for a person":   {order: order(attempt(1, unknown, func(s *v1alpha1.Submission) { s.RequestID = "r" })), facts: facts(observed(time.Second)), kind: Stall, reason: v1alpha1.ReasonSubmissionOutcomeUnknown},
		"an open attempt comes before the wish to cancel":               {order: order(attempt(1, intended), cancel), kind: Resolve},
		"an open attempt comes before a policy that no longer compiles": {order: order(attempt(1, intended)), facts: facts(func(f *Facts) { f.PolicyProblem = "bad" }), kind: Resolve},

		// Accepted by the provider.
		"after a restart an accepted order is read at once":        {order: order(attempt(1, accepted)), kind: Observe},
		"an accepted order waits for its poll":                     {order: order(attempt(1, accepted)), facts: facts(observed(20 * time.Second)), kind: Wait, check: func(a Action) bool { return a.After == 40*time.Second && a.Reason == "" }},
		"a poll that is due is made":                               {order: order(attempt(1, accepted)), facts: facts(observed(time.Minute)), kind: Observe},
		"a callback makes the poll due":                            {order: order(attempt(1, accepted)), facts: facts(observed(time.Second), func(f *Facts) { f.Hinted = true }), kind: Observe},
		"an accepted order of a suspended account is followed":     {order: order(attempt(1, accepted), suspend), kind: Observe},
		"cancelling an accepted order aborts it":                   {order: order(attempt(1, accepted), cancel), kind: Abort},
		"an abort is asked for once":                               {order: order(attempt(1, accepted), cancel, progressing(v1alpha1.ReasonCancelling)), kind: Observe},
		"a deleted order under way is followed":                    {order: order(attempt(1, accepted), deleted), kind: Observe},
		"an accepted order is not asked for at another account":    {order: order(attempt(1, accepted)), facts: facts(otherAccount), kind: Stall, reason: v1alpha1.ReasonProviderAccountChanged},
		"an accepted order outlives its account":                   {order: order(attempt(1, accepted)), facts: facts(noAccount), kind: Wait, reason: v1alpha1.ReasonAccountNotReady},
		"an old order is still polled":                             {order: order(attempt(1, accepted, func(s *v1alpha1.Submission) { s.IntentAt = metav1.NewTime(t0.Add(-90 * 24 * time.Hour)) })), facts: facts(observed(3 * time.Hour)), kind: Observe},
		"the ledger's money is settled once placed":                {order: order(attempt(1, accepted), placement), kind: RecordCost},
		"a cost that could not be recorded waits":                  {order: order(attempt(1, accepted), placement, retryAt(t0.Add(time.Minute))), kind: Wait, reason: v1alpha1.ReasonCostPending},
		"a placement without a price is read again":                {order: order(attempt(1, accepted), placement, func(o *v1alpha1.ZMAOrder) { o.Status.Cost.Actual = nil }), kind: Observe},
		"a placed order is followed until delivered":               {order: order(attempt(1, accepted), placement, recorded), kind: Observe},
		"a delivered order stays as it is":                         {order: order(attempt(1, accepted), placement, recorded, stalled(v1alpha1.ReasonDelivered)), kind: Done},
		"a placed order whose account is gone keeps its state":     {order: order(attempt(1, accepted), placement, recorded), facts: facts(noAccount), kind: Wait, check: func(a Action) bool { return a.Reason == "" && a.After > 0 }},
		"the refund of what the retailer cancelled is watched for": {order: order(attempt(1, accepted), placement, recorded, stalled(v1alpha1.ReasonCancelledByRetailer)), kind: Observe},
		"a refund that is not due yet is waited for quietly":       {order: order(attempt(1, accepted), placement, recorded, stalled(v1alpha1.ReasonCancelledByRetailer)), facts: facts(observed(time.Second)), kind: Wait, check: func(a Action) bool { return a.Reason == "" && a.After > 0 }},
		"a cancelled order whose money is back is left alone":      {order: order(attempt(1, accepted), placement, recorded, refunded(1), stalled(v1alpha1.ReasonCancelledByRetailer)), kind: Done},
		"a refund is not waited for for ever":                      {order: order(attempt(1, accepted), placement, recorded, stalledAt(v1alpha1.ReasonCancelledByRetailer, t0.Add(-RefundWindow))), kind: Done},
		"the refund of what was cancelled as asked is watched for": {order: order(attempt(1, accepted), placement, recorded, cancel, answered(metav1.ConditionTrue, v1alpha1.ReasonSucceeded), stalled(v1alpha1.ReasonCancelledAfterPlacement)), kind: Observe},
		"cancelling a placed order asks the retailer":              {order: order(attempt(1, accepted), placement, recorded, cancel), kind: Cancel},
		"the books come before a cancellation":                     {order: order(attempt(1, accepted), placement, cancel), kind: RecordCost},
		"each merchant order is asked for":                         {order: order(attempt(1, accepted), placement, recorded, cancel, merchantOrders("112-1", "112-2"), cancellation("112-1")), kind: Cancel},
		"a cancellation that was asked for is followed":            {order: order(attempt(1, accepted), placement, recorded, cancel, cancellation("112-1"), answered(metav1.ConditionFalse, v1alpha1.ReasonProgressing)), kind: FollowCancellation},
		"a cancellation waits for its next poll":                   {order: order(attempt(1, accepted), placement, recorded, cancel, cancellation("112-1")), facts: facts(observed(time.Second)), kind: Wait, reason: v1alpha1.ReasonCancelling},
		"a refused cancellation leaves the order to its delivery":  {order: order(attempt(1, accepted), placement, recorded, cancel, cancellation("112-1"), answered(metav1.ConditionFalse, v1alpha1.ReasonCancellationRefused)), kind: Observe},
		"a cancellation is not asked for at another account":       {order: order(attempt(1, accepted), placement, recorded, cancel), facts: facts(otherAccount), kind: Stall, reason: v1alpha1.ReasonProviderAccountChanged},
		"a late wish to cancel a delivered order gets its answer":  {order: order(attempt(1, accepted), placement, recorded, cancel, delivered), kind: Cancel},
		"a delivered order is left alone":                          {order: order(attempt(1, accepted), placement, recorded, delivered), kind: Done},
		"news of a delivered order is read":                        {order: order(attempt(1, accepted), placement, recorded, delivered), facts: facts(func(f *Facts) { f.Hinted = true }), kind: Observe},

		// By hand.
		"what a person asks for comes first":                       {order: order(), facts: facts(wish("now")), kind: Recover},
		"what a person asks for comes before a deleted order goes": {order: order(attempt(1, unknown), deleted), facts: facts(wish("abandon")), kind: Recover},
		"what was asked for and handled stays without effect":      {order: order(handled("retry@1")), facts: facts(wish("retry@1")), kind: Validate},
		"a value that was handled before another one stays so":     {order: order(handled("now"), recovering(func(r *v1alpha1.Recovery) { r.HandledRequests = []string{"retry@1", "now"} })), facts: facts(wish("retry@1")), kind: Validate},
		"another token makes a request new":                        {order: order(handled("retry@1")), facts: facts(wish("retry@2")), kind: Recover},
		"an abandoned order is not followed":                       {order: order(attempt(1, accepted), abandonedByHand), kind: Stall, reason: v1alpha1.ReasonAbandoned},
		"an abandoned order goes when it is deleted":               {order: order(attempt(1, unknown), abandonedByHand, deleted), kind: Finalize},
		"a rejected order is closed":                               {order: order(rejectedByHandOf), kind: Release, reason: v1alpha1.ReasonDenied, check: func(a Action) bool { return a.Final }},
		"an order that failed and is rejected by hand is closed":   {order: order(attempt(1, refused, code("max_price_exceeded")), rejectedByHandOf), kind: Release, reason: v1alpha1.ReasonDenied, check: func(a Action) bool { return a.Final }},
		"after retry a failed order makes its next attempt":        {order: order(passed(v1alpha1.ConditionValidated, v1alpha1.ConditionPaymentVerified), attempt(1, refused, code("max_price_exceeded")), allowed(2)), kind: Reserve, check: func(a Action) bool { return a.Attempt == 2 }},
		"one retry allows one attempt":                             {order: order(passed(v1alpha1.ConditionValidated, v1alpha1.ConditionPaymentVerified), attempt(2, refused, code("max_price_exceeded")), allowed(2)), kind: Stall, reason: v1alpha1.ReasonNeedsDecision},
		"an attempt ended by hand waits for a decision":            {order: order(attempt(1, refused, code(CodeNotBought))), kind: Stall, reason: v1alpha1.ReasonNeedsDecision},
		"the wish to cancel wins over retry":                       {order: order(attempt(1, refused, code("max_price_exceeded")), allowed(2), cancel), kind: Release, reason: v1alpha1.ReasonCancelled, check: func(a Action) bool { return a.Final }},

		// The provider is away, and back.
		"while the circuit is open an unknown outcome waits":                      {order: order(attempt(1, unknown)), facts: facts(func(f *Facts) { f.CircuitOpen = true }), kind: Wait, reason: v1alpha1.ReasonResolvingSubmission},
		"while the circuit is open what was not sent takes its place at the gate": {order: order(checked(), attempt(1, notSent), retryAt(t0.Add(time.Hour))), facts: facts(func(f *Facts) { f.CircuitOpen = true }), kind: Submit},
		"while one order tries the others take their places too":                  {order: order(checked(), attempt(1, notSent), retryAt(t0.Add(time.Hour))), facts: facts(func(f *Facts) { f.CircuitTrying = true }), kind: Submit},
		"past the window a person is asked, circuit or none":                      {order: order(attempt(1, unknown, func(s *v1alpha1.Submission) { s.ReservedAt = metav1.NewTime(t0.Add(-25 * time.Hour)) })), facts: facts(func(f *Facts) { f.CircuitOpen = true }), kind: Stall, reason: v1alpha1.ReasonSubmissionOutcomeUnknown},
		"a provider that is back ends the pause of what was not sent":             {order: order(checked(), attempt(1, notSent), pausedAt(t0.Add(-time.Minute), t0.Add(time.Hour))), facts: facts(func(f *Facts) { f.ProviderBackAt = t0.Add(-time.Second) }), kind: Submit},
		"a provider that is back ends the pause of a look-up":                     {order: order(attempt(1, unknown), pausedAt(t0.Add(-time.Minute), t0.Add(time.Hour))), facts: facts(func(f *Facts) { f.ProviderBackAt = t0.Add(-time.Second) }), kind: Resolve},
		"a pause that began since keeps its time":                                 {order: order(attempt(1, unknown), pausedAt(t0, t0.Add(time.Hour))), facts: facts(func(f *Facts) { f.ProviderBackAt = t0.Add(-time.Second) }), kind: Wait, reason: v1alpha1.ReasonResolvingSubmission},
		"a provider that is back does not hurry a refused order":                  {order: order(attempt(1, refused, code("internal_error")), pausedAt(t0.Add(-time.Minute), t0.Add(time.Hour))), facts: facts(func(f *Facts) { f.ProviderBackAt = t0 }), kind: Wait, reason: v1alpha1.ReasonRetryScheduled},
		"a balance read since proves that a refused token is taken":               {order: order(passed(v1alpha1.ConditionValidated, v1alpha1.ConditionPaymentVerified), attempt(1, refused, refusedAt("invalid_client_token", t0.Add(-tokenPause)))), facts: facts(balanceRead(t0)), kind: Reserve},
		"an order refused in spite of a valid token waits":                        {order: order(attempt(1, refused, refusedAt("invalid_client_token", t0.Add(-time.Minute)))), facts: facts(balanceRead(t0)), kind: Stall, reason: v1alpha1.ReasonCredentialsRefused},
		"a balance read since proves nothing of a locked account":                 {order: order(attempt(1, refused, refusedAt("account_locked", t0.Add(-tokenPause)))), facts: facts(balanceRead(t0)), kind: Stall, reason: v1alpha1.ReasonCredentialsRefused},
		"funds that came since end the pause":                                     {order: order(passed(v1alpha1.ConditionValidated, v1alpha1.ConditionPaymentVerified), attempt(1, refused, code("insufficient_zma_balance")), retryAt(t0.Add(time.Hour))), facts: facts(raised(t0.Add(time.Second))), kind: Reserve},
		"funds from before the refusal do not":                                    {order: order(attempt(1, refused, code("insufficient_zma_balance")), retryAt(t0.Add(time.Hour))), facts: facts(raised(t0)), kind: Wait, reason: v1alpha1.ReasonAwaitingFunds},

		"deleting a finished order waits for nothing":            {order: order(attempt(1, accepted), placement, recorded, deleted), kind: Finalize},
		"deleting a finished order needs no account":             {order: order(attempt(1, accepted), placement, recorded, deleted), facts: facts(noAccount), kind: Finalize},
		"deleting a placed order waits for its cost":             {order: order(attempt(1, accepted), placement, deleted), kind: RecordCost},
		"deleting an order cancelled by the retailer is allowed": {order: order(attempt(1, accepted), stalled(v1alpha1.ReasonCancelledByRetailer), deleted), kind: Finalize},
		"a deleted order without our finalizer is left alone":    {order: order(deleted, func(o *v1alpha1.ZMAOrder) { o.Finalizers = nil }), kind: Done},

		// Refused.
		"a refusal for good gives the money back and closes":        {order: order(checked(), attempt(1, refused, code("product_unavailable"))), kind: Release, reason: v1alpha1.ReasonRejected, check: func(a Action) bool { return a.Final }},
		"a refusal for good ends there":                             {order: order(attempt(1, refused, code("product_unavailable")), stalled(v1alpha1.ReasonRejected)), kind: Done},
		"a refused address gives the money back and stays open":     {order: order(checked(), attempt(1, refused, code("shipping_address_refused"))), kind: Release, reason: v1alpha1.ReasonAwaitingAddress, check: func(a Action) bool { return !a.Final }},
		"a refused address waits for a corrected one":               {order: order(attempt(1, refused, code("shipping_address_refused"))), kind: Stall, reason: v1alpha1.ReasonAwaitingAddress},
		"a corrected address makes a new attempt":                   {order: order(attempt(1, refused, code("shipping_address_refused")), func(o *v1alpha1.ZMAOrder) { o.Spec.ShippingAddress.Line1 = "12 Main St" }), kind: Validate},
		"a failure that may pass waits for its pause":               {order: order(attempt(1, refused, code("internal_error")), retryAt(t0.Add(time.Minute))), kind: Wait, reason: v1alpha1.ReasonRetryScheduled},
		"a failure that may pass makes the next attempt":            {order: order(passed(v1alpha1.ConditionValidated, v1alpha1.ConditionPaymentVerified), attempt(1, refused, code("internal_error"))), kind: Reserve, check: func(a Action) bool { return a.Attempt == 2 }},
		"a failure that may pass frees its money first":             {order: order(checked(), attempt(1, refused, code("internal_error"))), kind: Release, reason: v1alpha1.ReasonRetryScheduled, check: func(a Action) bool { return !a.Final }},
		"a failure that keeps coming back asks a person":            {order: order(attempt(3, refused, code("internal_error")), rejections(3)), kind: Stall, reason: v1alpha1.ReasonRetriesExhausted},
		"without funds the order waits":                             {order: order(attempt(1, refused, code("insufficient_zma_balance")), retryAt(t0.Add(time.Minute))), kind: Wait, reason: v1alpha1.ReasonAwaitingFunds},
		"a refused token waits for its operator":                    {order: order(attempt(1, refused, code("invalid_client_token"))), kind: Stall, reason: v1alpha1.ReasonCredentialsRefused},
		"a renewed token makes the order go":                        {order: order(attempt(1, refused, code("invalid_client_token"))), facts: facts(func(f *Facts) { f.CredentialsValidSince = t0.Add(time.Minute) }), kind: Validate},
		"a token that was valid before the refusal is no news":      {order: order(attempt(1, refused, code("invalid_client_token"))), facts: facts(func(f *Facts) { f.CredentialsValidSince = t0.Add(-time.Minute) }), kind: Stall, reason: v1alpha1.ReasonCredentialsRefused},
		"a price above the ceiling asks a person":                   {order: order(attempt(1, refused, code("max_price_exceeded"))), kind: Stall, reason: v1alpha1.ReasonNeedsDecision},
		"a code that nobody knows asks a person":                    {order: order(attempt(1, refused, code("never_heard_of"))), kind: Stall, reason: v1alpha1.ReasonNeedsDecision},
		"a wrong request is ours to mend":                           {order: order(attempt(1, refused, code("invalid_request"))), kind: Stall, reason: v1alpha1.ReasonRequestRefused},
		"cancelling a failed order closes it":                       {order: order(checked(), attempt(1, refused, code("internal_error")), cancel), kind: Release, reason: v1alpha1.ReasonCancelled, check: func(a Action) bool { return a.Final }},
		"cancelling closes also what holds no money any more":       {order: order(attempt(1, refused, code("shipping_address_refused")), stalled(v1alpha1.ReasonAwaitingAddress), cancel), kind: Release, reason: v1alpha1.ReasonCancelled, check: func(a Action) bool { return a.Final }},
		"an aborted order that was to be cancelled is cancelled":    {order: order(checked(), attempt(1, refused, code("aborted_request")), cancel), kind: Release, reason: v1alpha1.ReasonCancelled},
		"deleting a refused order gives its money back on the way":  {order: order(checked(), attempt(1, refused, code("internal_error")), deleted), kind: Finalize},
		"a final reason with money still held is not left alone":    {order: order(checked(), attempt(1, refused, code("product_unavailable")), stalled(v1alpha1.ReasonRejected)), kind: Release, reason: v1alpha1.ReasonRejected},
		"suspending does not hide that a refusal needs its release": {order: order(checked(), attempt(1, refused, code("internal_error")), suspend), kind: Release, reason: v1alpha1.ReasonRetryScheduled},
	} {
		t.Run(name, func(t *testing.T) {
			f := c.facts
			if f.Account == nil && !f.CredentialsFound {
				f = facts()
			}
			got := Decide(c.order, f, t0)
			if got.Kind != c.kind || got.Reason != c.reason {
				t.Fatalf("Decide = %s %q (%s), want %s %q", got.Kind, got.Reason, got.Message, c.kind, c.reason)
			}
			if c.check != nil && !c.check(got) {
				t.Errorf("unexpected details: %+v", got)
			}
		})
	}
}

// TestDecideIsTotal walks through every combination of state, wish and account:
// each has an action, the same on each call, and no two attempts can be open.
func TestDecideIsTotal(t *testing.T) {
	states := []v1alpha1.SubmissionState{"", v1alpha1.SubmissionIntended, v1alpha1.SubmissionAccepted, v1alpha1.SubmissionRejected, v1alpha1.SubmissionNotSent, v1alpha1.SubmissionUnknown}
	wishes := map[string]change{"none": func(*v1alpha1.ZMAOrder) {}, "cancel": cancel, "suspend": suspend, "deleted": deleted}
	for _, state := range states {
		for wish, apply := range wishes {
			for _, withAccount := range []bool{true, false} {
				o := order(checked(), apply)
				if state != "" {
					attempt(1, state, code("internal_error"))(o)
				}
				f := facts()
				if !withAccount {
					f.Account = nil
				}
				first, second := Decide(o, f, t0), Decide(o, f, t0)
				if first != second || first.Kind == "" {
					t.Errorf("%s/%s: %+v then %+v", state, wish, first, second)
				}
				open := state.Unresolved() || state == v1alpha1.SubmissionAccepted
				if open && (first.Kind == Submit || first.Kind == Reserve || first.Kind == Finalize || first.Kind == Release) {
					t.Errorf("%s/%s: an open attempt leads to %s", state, wish, first.Kind)
				}
				if wish != "none" && first.Kind == Submit {
					t.Errorf("%s/%s: submits what nobody wants", state, wish)
				}
			}
		}
	}
}
