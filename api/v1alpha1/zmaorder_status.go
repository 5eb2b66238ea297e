package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// SubmissionState is what is known about the latest attempt to buy.
// +kubebuilder:validation:Enum=Intended;Accepted;Rejected;NotSent;Unknown
type SubmissionState string

const (
	// SubmissionIntended means that the paid call was about to be made. Whoever
	// finds it must take it for possibly made.
	SubmissionIntended SubmissionState = "Intended"
	// SubmissionAccepted means that the provider gave a request ID.
	SubmissionAccepted SubmissionState = "Accepted"
	// SubmissionRejected means that the provider proved that nothing was bought.
	SubmissionRejected SubmissionState = "Rejected"
	// SubmissionNotSent means that the first call of the attempt provably did
	// not reach the provider, or was documented as not processed.
	SubmissionNotSent SubmissionState = "NotSent"
	// SubmissionUnknown means that the call may or may not have had effect.
	SubmissionUnknown SubmissionState = "Unknown"
)

// Unresolved tells whether an attempt in this state may yet turn out as bought.
func (s SubmissionState) Unresolved() bool {
	return s == SubmissionIntended || s == SubmissionUnknown
}

// ZMAOrderStatus is the observed state of an order.
type ZMAOrderStatus struct {
	// observedGeneration is the generation that the conditions speak of; -1
	// until the controller has seen the order.
	// +optional
	// +kubebuilder:default=-1
	ObservedGeneration int64 `json:"observedGeneration"`

	// conditions of the order; see docs/zmaorder.md for types and reasons.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// total is spec.total for people to read.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	Total string `json:"total,omitempty"`

	// submission is the latest attempt to buy.
	// +optional
	Submission *Submission `json:"submission,omitempty"`

	// placement is what the retailer said.
	// +optional
	Placement *Placement `json:"placement,omitempty"`

	// cost in minor units of spec.total.currency.
	// +optional
	Cost *Cost `json:"cost,omitempty"`

	// recovery holds back-off and requests by hand.
	// +optional
	Recovery *Recovery `json:"recovery,omitempty"`

	// cancellation of a placed order, as far as the provider has come.
	// +optional
	Cancellation *Cancellation `json:"cancellation,omitempty"`

	// history holds the last transitions of Ready, oldest first.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=20
	History []Transition `json:"history,omitempty"`
}

// Submission is one attempt to buy: written before each call, and again with
// its outcome. Its fields suffice to repeat the same call.
type Submission struct {
	// attempt counts from 1; raised only after proof that the last one failed.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	Attempt int64 `json:"attempt"`

	// idempotencyKey sent with every call of this attempt.
	// +kubebuilder:validation:MinLength=36
	// +kubebuilder:validation:MaxLength=36
	IdempotencyKey string `json:"idempotencyKey"`

	// state of the attempt.
	State SubmissionState `json:"state"`

	// requestID given by the provider.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	RequestID string `json:"requestID,omitempty"`

	// providerAccountID that the call is meant for.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	ProviderAccountID string `json:"providerAccountID"`

	// intentAt is when the latest call was about to be made.
	IntentAt metav1.Time `json:"intentAt"`

	// firstIntentAt is when the first call that may have reached the provider was
	// about to be made; empty while nothing was sent.
	// +optional
	FirstIntentAt *metav1.Time `json:"firstIntentAt,omitempty"`

	// reservedAt is when the ledger reserved the attempt's maximum price; nothing
	// was sent earlier.
	ReservedAt metav1.Time `json:"reservedAt"`

	// sends counts the calls of this attempt that may have reached the provider.
	// One that provably did not is not counted.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100000
	Sends int64 `json:"sends"`

	// resolvedAt is when the outcome became known.
	// +optional
	ResolvedAt *metav1.Time `json:"resolvedAt,omitempty"`

	// errorCode of the provider, or of the transport.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	ErrorCode string `json:"errorCode,omitempty"`

	// maxPriceCents sent with the call.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100000000
	MaxPriceCents int64 `json:"maxPriceCents"`

	// shippingAddress sent with the call, normalised.
	ShippingAddress Address `json:"shippingAddress"`

	// callbackURL is the base of the callback URLs sent with the call; empty when
	// none were sent.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	CallbackURL string `json:"callbackURL,omitempty"`

	// callbackKeyID names the key that signed the callback tokens.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	CallbackKeyID string `json:"callbackKeyID,omitempty"`

	// callbackExpiresAt is when the callback tokens expire; a repeat carries the
	// same tokens.
	// +optional
	CallbackExpiresAt *metav1.Time `json:"callbackExpiresAt,omitempty"`

	// callbackTokenHash is the SHA-256 of the callback tokens, in hexadecimal. The
	// tokens themselves are stored nowhere.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	CallbackTokenHash string `json:"callbackTokenHash,omitempty"`
}

// Placement is what the retailer said about the order.
type Placement struct {
	// merchantOrderIDs at the retailer; several when it split the order.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:items:MaxLength=64
	MerchantOrderIDs []string `json:"merchantOrderIDs,omitempty"`

	// placedAt is when the placement was first seen.
	// +optional
	PlacedAt *metav1.Time `json:"placedAt,omitempty"`

	// tracking of the parcels.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=100
	Tracking []Tracking `json:"tracking,omitempty"`

	// deliveryDates as promised, in the provider's words.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:items:MaxLength=64
	DeliveryDates []string `json:"deliveryDates,omitempty"`
}

// Tracking is one parcel.
type Tracking struct {
	// carrier that brings the parcel.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Carrier string `json:"carrier,omitempty"`

	// number of the parcel at its carrier.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	Number string `json:"number,omitempty"`

	// url where the parcel can be followed.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	URL string `json:"url,omitempty"`

	// deliveredAt is when the parcel was first seen delivered.
	// +optional
	DeliveredAt *metav1.Time `json:"deliveredAt,omitempty"`
}

// Cost compares what was expected with what was paid, in minor units.
type Cost struct {
	// estimateCents of goods alone, from the items, else from the total.
	// +optional
	// +kubebuilder:validation:Minimum=0
	EstimateCents int64 `json:"estimateCents,omitempty"`

	// maxPriceCents that was reserved.
	// +optional
	// +kubebuilder:validation:Minimum=0
	MaxPriceCents int64 `json:"maxPriceCents,omitempty"`

	// actual cost as the provider reported it.
	// +optional
	Actual *ActualCost `json:"actual,omitempty"`

	// varianceCents is the actual total minus the estimate.
	// +optional
	VarianceCents *int64 `json:"varianceCents,omitempty"`

	// refundedCents came back for the order.
	// +optional
	// +kubebuilder:validation:Minimum=0
	RefundedCents int64 `json:"refundedCents,omitempty"`

	// display is the best known cost for people to read.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	Display string `json:"display,omitempty"`
}

// ActualCost is the provider's price, in minor units. The parts sum to total.
type ActualCost struct {
	// subtotalCents of the goods.
	SubtotalCents int64 `json:"subtotalCents"`
	// shippingCents of all parcels.
	ShippingCents int64 `json:"shippingCents"`
	// taxCents of goods and shipping.
	TaxCents int64 `json:"taxCents"`
	// adjustmentCents holds what the provider charged or granted beyond the
	// named parts, so that the parts always sum to total.
	// +optional
	AdjustmentCents int64 `json:"adjustmentCents,omitempty"`
	// totalCents debited.
	TotalCents int64 `json:"totalCents"`
}

// Recovery holds the state of automatic and manual recovery.
type Recovery struct {
	// attempts counts the tries of the current step that failed in a row.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Attempts int64 `json:"attempts,omitempty"`

	// rejections counts the submissions in a row that the provider refused with an
	// error that may pass.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Rejections int64 `json:"rejections,omitempty"`

	// nextAttemptAt is when the controller tries again by itself.
	// +optional
	NextAttemptAt *metav1.Time `json:"nextAttemptAt,omitempty"`

	// pausedAt is when the pause until nextAttemptAt began. A provider that has
	// come back since ends the pause.
	// +optional
	PausedAt *metav1.MicroTime `json:"pausedAt,omitempty"`

	// allowedAttempt is the highest attempt that a person has asked for.
	// +optional
	// +kubebuilder:validation:Minimum=0
	AllowedAttempt int64 `json:"allowedAttempt,omitempty"`

	// approvedAddress is the fingerprint of the address for which a person has
	// approved the order; another address needs another approval.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	ApprovedAddress string `json:"approvedAddress,omitempty"`

	// rejected says that a person has ended the order.
	// +optional
	Rejected bool `json:"rejected,omitempty"`

	// abandoned says that a person has given the order up: it is not followed any
	// more, and deletion does not wait for its end.
	// +optional
	Abandoned bool `json:"abandoned,omitempty"`

	// lastHandledRequest is the value of the annotation zma.dev/recover that was
	// acted on last; the same value never acts twice.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	LastHandledRequest string `json:"lastHandledRequest,omitempty"`

	// lastHandledAt is when that request was acted on.
	// +optional
	LastHandledAt *metav1.MicroTime `json:"lastHandledAt,omitempty"`

	// lastHandledBy is the user who asked, as stamped.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	LastHandledBy string `json:"lastHandledBy,omitempty"`

	// handledRequests are the values that were acted on lately, the latest last.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=20
	// +kubebuilder:validation:items:MaxLength=256
	HandledRequests []string `json:"handledRequests,omitempty"`

	// lastResult of that request.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	LastResult string `json:"lastResult,omitempty"`
}

// CancellationState is how far the cancellation of a merchant order is.
// +kubebuilder:validation:Enum=Requested;Cancelled;Refused
type CancellationState string

const (
	// CancellationRequested means that the provider has been asked.
	CancellationRequested CancellationState = "Requested"
	// CancellationCancelled means that the merchant order is cancelled.
	CancellationCancelled CancellationState = "Cancelled"
	// CancellationRefused means that it is too late.
	CancellationRefused CancellationState = "Refused"
)

// Cancellation is the cancellation of a placed order.
type Cancellation struct {
	// requestedAt is when the provider was first asked.
	// +optional
	RequestedAt *metav1.Time `json:"requestedAt,omitempty"`

	// merchantOrders that the provider was asked to cancel, each by itself.
	// +optional
	// +listType=map
	// +listMapKey=merchantOrderID
	// +kubebuilder:validation:MaxItems=50
	MerchantOrders []MerchantCancellation `json:"merchantOrders,omitempty"`
}

// MerchantCancellation is the cancellation of one merchant order.
type MerchantCancellation struct {
	// merchantOrderID at the retailer.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	MerchantOrderID string `json:"merchantOrderID"`

	// requestID of the cancellation at the provider.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	RequestID string `json:"requestID,omitempty"`

	// state of the cancellation.
	State CancellationState `json:"state"`

	// errorCode of a refusal.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	ErrorCode string `json:"errorCode,omitempty"`
}

// Transition is one change of Ready's reason.
type Transition struct {
	// at is when it happened.
	At metav1.Time `json:"at"`
	// reason that Ready took.
	// +kubebuilder:validation:MaxLength=64
	Reason string `json:"reason"`
	// attempt at that time; 0 before the first.
	// +optional
	Attempt int64 `json:"attempt,omitempty"`
}
