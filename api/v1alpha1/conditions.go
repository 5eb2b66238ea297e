package v1alpha1

// ConditionType is the type of a condition. The lists below are closed: a
// condition of another type is a defect, and a test says so.
type ConditionType = string

// Condition types of a ZMAOrder.
const (
	// ConditionReady is True once the retailer has placed the order and its cost
	// is recorded. Its reason is the STATUS column.
	ConditionReady ConditionType = "Ready"
	// ConditionReconciling is True while the controller goes on by itself.
	ConditionReconciling ConditionType = "Reconciling"
	// ConditionStalled is True after a terminal failure, and while a person has to
	// act. Never True together with Reconciling.
	ConditionStalled ConditionType = "Stalled"

	// ConditionValidated says whether the order itself is sound.
	ConditionValidated ConditionType = "Validated"
	// ConditionPaymentVerified says whether the customer's payment is proven.
	ConditionPaymentVerified ConditionType = "PaymentVerified"
	// ConditionFundsReserved says whether the ledger holds the order's maximum
	// price.
	ConditionFundsReserved ConditionType = "FundsReserved"
	// ConditionSubmitted says whether the provider has accepted the order.
	ConditionSubmitted ConditionType = "Submitted"
	// ConditionPlaced says whether the retailer has placed the order.
	ConditionPlaced ConditionType = "Placed"
	// ConditionDelivered says whether every parcel has arrived.
	ConditionDelivered ConditionType = "Delivered"
	// ConditionCostRecorded says whether the actual cost is in the ledger.
	ConditionCostRecorded ConditionType = "CostRecorded"
	// ConditionNotified says whether the customer has been told of the placement.
	ConditionNotified ConditionType = "Notified"
	// ConditionCancelled says how a wanted cancellation of a placed order ended.
	ConditionCancelled ConditionType = "Cancelled"
	// ConditionOverdue is True while the order stays longer in a state than that
	// state should take.
	ConditionOverdue ConditionType = "Overdue"
)

// Condition types of a ZMAAccount, beside Ready.
const (
	// ConditionCredentialsValid says whether the provider takes the token.
	ConditionCredentialsValid ConditionType = "CredentialsValid"
	// ConditionBalanceSufficient says whether the balance is above its thresholds.
	ConditionBalanceSufficient ConditionType = "BalanceSufficient"
	// ConditionWithinBudget says whether the budget leaves room.
	ConditionWithinBudget ConditionType = "WithinBudget"
	// ConditionCircuitClosed says whether submissions go out.
	ConditionCircuitClosed ConditionType = "CircuitClosed"
)

// Reasons of Ready on a ZMAOrder while it goes on by itself.
const (
	// ReasonScheduled waits for spec.notBefore.
	ReasonScheduled = "Scheduled"
	// ReasonPolicyNotReady waits for the OrderPolicy to exist and compile.
	ReasonPolicyNotReady = "PolicyNotReady"
	// ReasonAccountNotReady waits for the ZMAAccount or its credentials to exist.
	ReasonAccountNotReady = "AccountNotReady"
	// ReasonPaymentPending waits for the customer's payment.
	ReasonPaymentPending = "PaymentPending"
	// ReasonAwaitingFunds waits for the balance at the provider.
	ReasonAwaitingFunds = "AwaitingFunds"
	// ReasonBudgetExceeded waits for room in the account's budget.
	ReasonBudgetExceeded = "BudgetExceeded"
	// ReasonLedgerUnavailable waits for Postgres; nothing is spent without it.
	ReasonLedgerUnavailable = "LedgerUnavailable"
	// ReasonProviderUnavailable waits to send again what provably was not sent.
	ReasonProviderUnavailable = "ProviderUnavailable"
	// ReasonThrottled waits for the account's submission limits.
	ReasonThrottled = "Throttled"
	// ReasonSubmitting is about to make the paid call.
	ReasonSubmitting = "Submitting"
	// ReasonResolvingSubmission finds out what became of a call without an answer.
	ReasonResolvingSubmission = "ResolvingSubmission"
	// ReasonProcessing waits for the provider's outcome.
	ReasonProcessing = "Processing"
	// ReasonProviderReview waits for the provider's own review.
	ReasonProviderReview = "ProviderReview"
	// ReasonRetryScheduled waits to make a new attempt after a failed one.
	ReasonRetryScheduled = "RetryScheduled"
	// ReasonCostPending has been placed and waits for its cost to be recorded.
	ReasonCostPending = "CostPending"
	// ReasonCancelling waits for the end of a cancellation.
	ReasonCancelling = "Cancelling"
)

// Reasons of Ready=True on a ZMAOrder.
const (
	// ReasonPlaced has been placed by the retailer and accounted for.
	ReasonPlaced = "Placed"
	// ReasonShipped has at least one parcel under way.
	ReasonShipped = "Shipped"
	// ReasonDelivered has every parcel delivered.
	ReasonDelivered = "Delivered"
)

// Reasons of Stalled=True on a ZMAOrder, and of Ready at that time.
const (
	// ReasonSuspended waits for spec.suspend of the order or its account.
	ReasonSuspended = "Suspended"
	// ReasonInvalid can't be bought as it is; a new order is needed.
	ReasonInvalid = "Invalid"
	// ReasonNameMismatch does not have the name derived from its source.
	ReasonNameMismatch = "NameMismatch"
	// ReasonAwaitingAddress waits for a corrected shippingAddress.
	ReasonAwaitingAddress = "AwaitingAddress"
	// ReasonAwaitingApproval waits for a person to approve or reject.
	ReasonAwaitingApproval = "AwaitingApproval"
	// ReasonDenied was refused by the policy.
	ReasonDenied = "Denied"
	// ReasonPaymentInvalid has no payment that can be verified.
	ReasonPaymentInvalid = "PaymentInvalid"
	// ReasonProviderAccountChanged was sent to another provider account than the
	// one that its ZMAAccount names now.
	ReasonProviderAccountChanged = "ProviderAccountChanged"
	// ReasonCredentialsRefused waits for the operator to fix the account at the
	// provider.
	ReasonCredentialsRefused = "CredentialsRefused"
	// ReasonSubmissionOutcomeUnknown could not find out in time whether it was
	// bought.
	ReasonSubmissionOutcomeUnknown = "SubmissionOutcomeUnknown"
	// ReasonNeedsDecision waits for a person to decide on price or delivery, or on
	// an answer that nobody has classified.
	ReasonNeedsDecision = "NeedsDecision"
	// ReasonRetriesExhausted failed too often with errors that may pass.
	ReasonRetriesExhausted = "RetriesExhausted"
	// ReasonRejected was refused by the provider for good.
	ReasonRejected = "Rejected"
	// ReasonRequestRefused was refused because the request was wrong.
	ReasonRequestRefused = "RequestRefused"
	// ReasonCancelled was cancelled before anything was bought.
	ReasonCancelled = "Cancelled"
	// ReasonCancelledByRetailer was placed and cancelled later by the retailer.
	ReasonCancelledByRetailer = "CancelledByRetailer"
	// ReasonCancelledAfterPlacement was placed, and cancelled later as asked.
	ReasonCancelledAfterPlacement = "CancelledAfterPlacement"
	// ReasonAbandoned is not followed any more, by a person's wish.
	ReasonAbandoned = "Abandoned"
)

// Reasons of the other conditions.
const (
	// ReasonSucceeded means that the step is done.
	ReasonSucceeded = "Succeeded"
	// ReasonNotRequired means that the step is not needed for this order.
	ReasonNotRequired = "NotRequired"
	// ReasonProgressing means that the object is on its way.
	ReasonProgressing = "Progressing"
	// ReasonRestored means that the outcome was written back from the ledger's
	// permanent record.
	ReasonRestored = "Restored"
	// ReasonReleased means that a reservation was given back.
	ReasonReleased = "Released"
	// ReasonCompileFailed means that an expression is wrong.
	ReasonCompileFailed = "CompileFailed"
	// ReasonSecretNotFound means that a Secret or its key is missing.
	ReasonSecretNotFound = "SecretNotFound"
	// ReasonSecretUnusable means that a Secret's content can't be used.
	ReasonSecretUnusable = "SecretUnusable"
	// ReasonPathConflict means that an older source has the same path.
	ReasonPathConflict = "PathConflict"
	// ReasonBalanceLow means that the balance is below lowCents.
	ReasonBalanceLow = "BalanceLow"
	// ReasonBalanceCritical means that the balance is below criticalCents.
	ReasonBalanceCritical = "BalanceCritical"
	// ReasonBalanceUnreadable means that the balance could not be read.
	ReasonBalanceUnreadable = "BalanceUnreadable"
	// ReasonNearBudget means that the budget's warning mark is passed.
	ReasonNearBudget = "NearBudget"
	// ReasonCircuitOpen means that the provider keeps failing.
	ReasonCircuitOpen = "CircuitOpen"
	// ReasonCancellationRefused means that a placed order could not be cancelled
	// any more; the order itself goes on.
	ReasonCancellationRefused = "CancellationRefused"
	// ReasonNotSupported means that the feature asked for is not available.
	ReasonNotSupported = "NotSupported"
	// ReasonMappingInvalid means that an expression of a source can't be compiled.
	ReasonMappingInvalid = "MappingInvalid"
)

// OrderConditionTypes are all condition types of a ZMAOrder.
func OrderConditionTypes() []ConditionType {
	return []ConditionType{
		ConditionReady, ConditionReconciling, ConditionStalled,
		ConditionValidated, ConditionPaymentVerified, ConditionFundsReserved,
		ConditionSubmitted, ConditionPlaced, ConditionDelivered,
		ConditionCostRecorded, ConditionNotified, ConditionCancelled, ConditionOverdue,
	}
}

// ReadyReasons are all reasons that Ready of a ZMAOrder can have.
func ReadyReasons() []string {
	return append(ProgressReasons(), append(StalledReasons(),
		ReasonPlaced, ReasonShipped, ReasonDelivered)...)
}

// ProgressReasons are the reasons of Ready while Reconciling is True.
func ProgressReasons() []string {
	return []string{
		ReasonScheduled, ReasonPolicyNotReady, ReasonAccountNotReady,
		ReasonPaymentPending, ReasonAwaitingFunds, ReasonBudgetExceeded,
		ReasonLedgerUnavailable, ReasonProviderUnavailable, ReasonThrottled,
		ReasonSubmitting, ReasonResolvingSubmission, ReasonProcessing,
		ReasonProviderReview, ReasonRetryScheduled, ReasonCostPending,
		ReasonCancelling,
	}
}

// StalledReasons are the reasons of Ready while Stalled is True.
func StalledReasons() []string {
	return []string{
		ReasonSuspended, ReasonInvalid, ReasonNameMismatch,
		ReasonAwaitingAddress, ReasonAwaitingApproval, ReasonDenied,
		ReasonPaymentInvalid, ReasonProviderAccountChanged,
		ReasonCredentialsRefused, ReasonSubmissionOutcomeUnknown,
		ReasonNeedsDecision, ReasonRetriesExhausted, ReasonRejected,
		ReasonRequestRefused, ReasonCancelled, ReasonCancelledByRetailer,
		ReasonCancelledAfterPlacement, ReasonAbandoned,
	}
}
