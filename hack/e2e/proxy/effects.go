package proxy

// Effects on an order in the API server.
const (
	// Creation is the POST of an order by the webhook endpoint.
	Creation = "the creation"
	// Finalizer is added to an order that was made without it.
	Finalizer = "the finalizer"
	// FinalizerRemoval lets a deleted order go.
	FinalizerRemoval = "the finalizer's removal"
	// Hold is the write of what an order waits for.
	Hold = "the hold write"
	// Intent is the write of the intent to the API server.
	Intent = "the intent write"
	// Outcome is the write of the acceptance to the API server.
	Outcome = "the outcome write"
	// UnknownOutcome is the write that a paid call had no readable answer.
	UnknownOutcome = "the unknown outcome's write"
	// Unsent is the write that a paid call was provably not processed.
	Unsent = "the unsent call's write"
	// Refusal is the write that the paid call itself was refused. Its reservation
	// is still held.
	Refusal = "the refusal's write"
	// Failure is the write of a failed attempt whose reservation was given back.
	Failure = "the failed attempt's write"
	// End is the write of an end without a purchase.
	End = "the end's write"
	// Placement is the write that makes the order Ready.
	Placement = "the placement write"
	// Tracking is a later write of a Ready order.
	Tracking = "the tracking write"
	// AbortNote is the write that an abort was asked for.
	AbortNote = "the abort's write"
	// CancellationNote is the write of which cancellations were asked for.
	CancellationNote = "the cancellation's write"
	// Cancelled is the write that a placed order has ended as cancelled.
	Cancelled = "the cancelled order's write"
	// RefundNote is the write of money that came back after that.
	RefundNote = "the refund's write"
	// Recovery is the write of a handled request together with what it did.
	Recovery = "the recovery write"
	// RecoveryEvent tells of a handled request.
	RecoveryEvent = "the recovery event"
	// Event is any other event.
	Event = "the event"
)

// Effects on other objects of the API server.
const (
	// AccountFinalizer is added to a new account.
	AccountFinalizer = "the account's finalizer"
	// AccountFinalizerRemoval lets a deleted account go.
	AccountFinalizerRemoval = "the removal of the account's finalizer"
	// AccountStatus is the write of an account's status.
	AccountStatus = "the account's status write"
	// SourceStatus is the write of a WebhookSource's status.
	SourceStatus = "the source's status write"
	// PolicyStatus is the write of an OrderPolicy's status.
	PolicyStatus = "the policy's status write"
	// NotificationStatus is the write of a NotificationPolicy's status.
	NotificationStatus = "the notification policy's status write"
)

// Calls to the provider that change something there.
const (
	// PaidCall is the POST of an order to the provider.
	PaidCall = "the paid call"
	// AbortCall asks the provider to stop.
	AbortCall = "the abort call"
	// CancellationCall asks for the cancellation of one merchant order.
	CancellationCall = "the cancellation call"
)

// Mail is the delivery of the confirmation to the mail server.
const Mail = "the mail"

// Commits in Postgres.
const (
	// PaymentClaim ties a payment to an order.
	PaymentClaim = "the payment claim"
	// Reservation holds the money of an attempt.
	Reservation = "the reservation"
	// Settlement records what was bought.
	Settlement = "the settlement"
	// Release gives the money of an attempt back, or closes an order.
	Release = "the release"
	// Refund books money that came back.
	Refund = "the refund"
	// Alert is raised.
	Alert = "the alert"
	// AlertEnd resolves an alert.
	AlertEnd = "the alert's end"
	// RecoveryRecord is the log row and the audit row of what a person asked for.
	RecoveryRecord = "the recovery's record"
	// ResolveRow is the log row of a look-up by the controller itself.
	ResolveRow = "the resolve's log row"
	// TransitionAudit is the audit row of a change of Ready's reason.
	TransitionAudit = "the transition's audit row"
	// Mirror is the commit of the mirrored order.
	Mirror = "the mirror"
	// MirrorDeletion is the mirrored end of a deleted order.
	MirrorDeletion = "the mirrored deletion"
	// MailClaim takes a mail from the outbox for sending.
	MailClaim = "the mail's claim"
	// MailSent notes that a mail has left.
	MailSent = "the sent mail's note"
	// MailFailed notes that a mail could not be sent.
	MailFailed = "the failed mail's note"
	// DeliveryRow is the log row of a webhook.
	DeliveryRow = "the webhook's log row"
	// CallbackRow is the log row of a callback, with its hint.
	CallbackRow = "the callback's log row"
)

// Effects are all that the proxies know by name.
func Effects() []string {
	return []string{
		Creation, Finalizer, FinalizerRemoval, Hold, Intent, Outcome, UnknownOutcome, Unsent, Refusal, Failure, End,
		Placement, Tracking, AbortNote, CancellationNote, Cancelled, RefundNote, Recovery, RecoveryEvent, Event,
		AccountFinalizer, AccountFinalizerRemoval, AccountStatus, SourceStatus, PolicyStatus, NotificationStatus,
		PaidCall, AbortCall, CancellationCall, Mail,
		PaymentClaim, Reservation, Settlement, Release, Refund, Alert, AlertEnd, RecoveryRecord,
		ResolveRow, TransitionAudit, Mirror, MirrorDeletion, MailClaim, MailSent, MailFailed, DeliveryRow, CallbackRow,
	}
}
