package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ZMAAccountSpec is one prefunded account at the provider, and the limits
// within which orders may spend from it.
//
// +kubebuilder:validation:XValidation:rule="self.apiVersion == oldSelf.apiVersion",message="apiVersion can't be changed: the other version knows nothing of the keys that were sent to this one; make another account"
// +kubebuilder:validation:XValidation:rule="self.currency == oldSelf.currency",message="currency can't be changed: budgets, balance and books are in it; make another account"
// +kubebuilder:validation:XValidation:rule="self.installationID == oldSelf.installationID",message="installationID can't be changed: idempotency keys derive from it"
type ZMAAccountSpec struct {
	// baseURL of the provider, without the version's path.
	// +optional
	// +kubebuilder:default="https://api.zinc.io"
	// +kubebuilder:validation:MinLength=8
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^https?://[^/?#@]+$`
	BaseURL string `json:"baseURL,omitempty"`

	// apiVersion of the provider's API.
	// +optional
	// +kubebuilder:default=v1
	// +kubebuilder:validation:Enum=v1;v2
	APIVersion string `json:"apiVersion,omitempty"`

	// providerAccountID tells this account from others at the provider. Part of
	// every idempotency key: an order that was sent to one account is never sent
	// to another.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^[!-~]+$`
	ProviderAccountID string `json:"providerAccountID"`

	// installationID is a UUID under which idempotency keys are made. It belongs
	// in Git: a rebuilt cluster must use the same.
	// +required
	// +kubebuilder:validation:MaxLength=36
	// +kubebuilder:validation:Pattern=`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`
	InstallationID string `json:"installationID"`

	// currency that the provider charges this account in, as an ISO 4217 code. Every
	// amount of this account is in it, and an order whose total is in another one is
	// refused: its amounts would be taken for this one.
	// +optional
	// +kubebuilder:default=USD
	// +kubebuilder:validation:MaxLength=3
	// +kubebuilder:validation:Pattern=`^[A-Z]{3}$`
	Currency string `json:"currency,omitempty"`

	// secretRef names the client token.
	// +required
	SecretRef SecretKeyReference `json:"secretRef"`

	// webhookSecretRef names the secret by which version 2 of the provider's API
	// signs its callbacks. Without it they are refused, and polling has to do.
	// +optional
	WebhookSecretRef *SecretKeyReference `json:"webhookSecretRef,omitempty"`

	// stripeSecretRef names a secret or restricted Stripe key that may read
	// PaymentIntents and charges. Without it, orders paid by Stripe wait.
	// +optional
	StripeSecretRef *SecretKeyReference `json:"stripeSecretRef,omitempty"`

	// notificationPolicyRef names the NotificationPolicy for this account's
	// orders. Without one no mail is sent.
	// +optional
	NotificationPolicyRef *LocalReference `json:"notificationPolicyRef,omitempty"`

	// suspend stops all new spending; orders under way are still followed.
	// +optional
	// +kubebuilder:default=false
	Suspend bool `json:"suspend"`

	// submission limits.
	// +optional
	// +kubebuilder:default={}
	Submission SubmissionLimits `json:"submission,omitempty,omitzero"`

	// budget of money spent and reserved; none when absent.
	// +optional
	Budget *Budget `json:"budget,omitempty"`

	// maxPrice computes the ceiling of an order that names none.
	// +optional
	// +kubebuilder:default={}
	MaxPrice MaxPriceRule `json:"maxPrice,omitempty,omitzero"`

	// variance from which the cost of an order is told to people.
	// +optional
	// +kubebuilder:default={}
	Variance VarianceRule `json:"variance,omitempty,omitzero"`

	// balance thresholds and polling.
	// +optional
	// +kubebuilder:default={}
	Balance BalanceRule `json:"balance,omitempty,omitzero"`

	// breaker stops submissions when the provider keeps failing.
	// +optional
	// +kubebuilder:default={}
	Breaker BreakerRule `json:"breaker,omitempty,omitzero"`

	// callback makes the provider call back; polling works without it.
	// +optional
	Callback *Callback `json:"callback,omitempty"`

	// polling of open orders.
	// +optional
	// +kubebuilder:default={}
	Polling PollingRule `json:"polling,omitempty,omitzero"`

	// deadlines say how long an order may stay in a state before it is overdue,
	// where the built-in ones do not fit.
	// +optional
	// +listType=map
	// +listMapKey=reason
	// +kubebuilder:validation:MaxItems=32
	Deadlines []Deadline `json:"deadlines,omitempty"`
}

// Deadline is how long an order may stay in one state.
type Deadline struct {
	// reason of Ready that names the state.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[A-Za-z]+$`
	Reason string `json:"reason"`

	// after which the order is overdue.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:Pattern=`^([0-9]+(ms|s|m|h))+$`
	After metav1.Duration `json:"after"`
}

// SubmissionLimits bound the calls that spend.
type SubmissionLimits struct {
	// ratePerMinute of submissions, repeats included. A tenth of it may go at once
	// after a quiet time.
	// +optional
	// +kubebuilder:default=60
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=60000
	RatePerMinute int32 `json:"ratePerMinute,omitempty"`

	// maxInFlight orders submitted and not yet placed or refused.
	// +optional
	// +kubebuilder:default=100
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100000
	MaxInFlight int32 `json:"maxInFlight,omitempty"`

	// resolveWindow is how long an attempt of unknown outcome is resolved by
	// itself before a person is asked.
	// +optional
	// +kubebuilder:default="24h"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:Pattern=`^([0-9]+(ms|s|m|h))+$`
	ResolveWindow *metav1.Duration `json:"resolveWindow,omitempty"`

	// backoffBase is the first pause before a repeat; later ones double, with
	// full jitter.
	// +optional
	// +kubebuilder:default="5s"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:Pattern=`^([0-9]+(ms|s|m|h))+$`
	BackoffBase *metav1.Duration `json:"backoffBase,omitempty"`

	// backoffMax caps the pause between repeats.
	// +optional
	// +kubebuilder:default="15m"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:Pattern=`^([0-9]+(ms|s|m|h))+$`
	BackoffMax *metav1.Duration `json:"backoffMax,omitempty"`
}

// Budget bounds what is spent and reserved, in minor units, by calendar day and
// month of the time zone.
type Budget struct {
	// dailyCents of all orders.
	// +optional
	// +kubebuilder:validation:Minimum=0
	DailyCents *int64 `json:"dailyCents,omitempty"`

	// monthlyCents of all orders.
	// +optional
	// +kubebuilder:validation:Minimum=0
	MonthlyCents *int64 `json:"monthlyCents,omitempty"`

	// perCustomerDailyCents of one customer's orders.
	// +optional
	// +kubebuilder:validation:Minimum=0
	PerCustomerDailyCents *int64 `json:"perCustomerDailyCents,omitempty"`

	// timezone whose midnight begins a day, as an IANA name.
	// +optional
	// +kubebuilder:default=UTC
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9_+/-]+$`
	Timezone string `json:"timezone,omitempty"`

	// warnAtPercent of dailyCents or monthlyCents raises a warning.
	// +optional
	// +kubebuilder:default=80
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	WarnAtPercent int32 `json:"warnAtPercent,omitempty"`
}

// MaxPriceRule computes an order's ceiling: goods + percent + fixedCents, at
// most capCents. Tax and shipping are known only after placement, so it needs
// head-room.
type MaxPriceRule struct {
	// percent added to the goods.
	// +optional
	// +kubebuilder:default=20
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=500
	Percent *int32 `json:"percent,omitempty"`

	// fixedCents added to the goods.
	// +optional
	// +kubebuilder:default=1500
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100000000
	FixedCents *int64 `json:"fixedCents,omitempty"`

	// capCents that no order may exceed.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100000000
	CapCents *int64 `json:"capCents,omitempty"`
}

// VarianceRule says how far an order's actual cost may be from its estimate:
// percent of the estimate + fixedCents, to either side. The estimate is of the
// goods alone, so the rule has to leave room for tax and shipping.
type VarianceRule struct {
	// percent of the estimate.
	// +optional
	// +kubebuilder:default=15
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=500
	Percent *int32 `json:"percent,omitempty"`

	// fixedCents added to it.
	// +optional
	// +kubebuilder:default=1000
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100000000
	FixedCents *int64 `json:"fixedCents,omitempty"`
}

// BalanceRule watches the prefunded balance. What counts is what is available: the
// balance less open reservations.
//
// +kubebuilder:validation:XValidation:rule="!has(self.criticalCents) || !has(self.lowCents) || self.criticalCents <= self.lowCents",message="criticalCents must not exceed lowCents"
type BalanceRule struct {
	// lowCents warns.
	// +optional
	// +kubebuilder:default=100000
	// +kubebuilder:validation:Minimum=0
	LowCents *int64 `json:"lowCents,omitempty"`

	// criticalCents alerts.
	// +optional
	// +kubebuilder:default=50000
	// +kubebuilder:validation:Minimum=0
	CriticalCents *int64 `json:"criticalCents,omitempty"`

	// pollInterval between two readings.
	// +optional
	// +kubebuilder:default="1m"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:Pattern=`^([0-9]+(ms|s|m|h))+$`
	PollInterval *metav1.Duration `json:"pollInterval,omitempty"`
}

// BreakerRule opens the circuit after failures in a row: then nothing is
// submitted, the provider is probed by reading the balance, and once it answers
// one order tries before the others go.
type BreakerRule struct {
	// failures in a row that open the circuit.
	// +optional
	// +kubebuilder:default=5
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	Failures int32 `json:"failures,omitempty"`

	// openFor is the pause between two probes while the circuit is open.
	// +optional
	// +kubebuilder:default="5s"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:Pattern=`^([0-9]+(ms|s|m|h))+$`
	OpenFor *metav1.Duration `json:"openFor,omitempty"`
}

// Callback is where the provider reports news of an order.
type Callback struct {
	// publicURL of the webhook endpoint, without a path. The token travels in its
	// user information, so plain http is for tests on one machine only.
	// +required
	// +kubebuilder:validation:MinLength=8
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^https?://[^/?#@]+$`
	PublicURL string `json:"publicURL"`

	// tokenTTL is how long a callback's token is valid. It has to outlive
	// tracking and cases.
	// +optional
	// +kubebuilder:default="2880h"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:Pattern=`^([0-9]+(ms|s|m|h))+$`
	TokenTTL *metav1.Duration `json:"tokenTTL,omitempty"`

	// secretRef names a Secret whose every key is a signing key of at least 32
	// bytes. All verify; activeKey signs.
	// +required
	SecretRef LocalReference `json:"secretRef"`

	// activeKey of the Secret that signs new tokens.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[-._a-zA-Z0-9]+$`
	ActiveKey string `json:"activeKey"`
}

// PollingRule paces the polls of open orders. An order is polled until it is
// terminal, whatever its age; the pause grows from interval to maxInterval.
type PollingRule struct {
	// interval between polls of a young order.
	// +optional
	// +kubebuilder:default="1m"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:Pattern=`^([0-9]+(ms|s|m|h))+$`
	Interval *metav1.Duration `json:"interval,omitempty"`

	// maxInterval between polls of an old order.
	// +optional
	// +kubebuilder:default="2h"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:Pattern=`^([0-9]+(ms|s|m|h))+$`
	MaxInterval *metav1.Duration `json:"maxInterval,omitempty"`
}

// ZMAAccountStatus is the observed state of an account. Amounts are in minor
// units.
type ZMAAccountStatus struct {
	// observedGeneration is the generation that the conditions speak of.
	// +optional
	// +kubebuilder:default=-1
	ObservedGeneration int64 `json:"observedGeneration"`

	// conditions of the account: Ready, CredentialsValid, BalanceSufficient,
	// WithinBudget, CircuitClosed.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// balanceCents as last read from the provider.
	// +optional
	BalanceCents *int64 `json:"balanceCents,omitempty"`

	// balanceAt is when it was read.
	// +optional
	BalanceAt *metav1.Time `json:"balanceAt,omitempty"`

	// balanceRaisedAt is when it was last read higher than before.
	// +optional
	BalanceRaisedAt *metav1.Time `json:"balanceRaisedAt,omitempty"`

	// reservedCents of open orders.
	// +optional
	ReservedCents int64 `json:"reservedCents,omitempty"`

	// availableCents are the balance less what is reserved; absent while the balance
	// is not known. Below zero when more is reserved than there is.
	// +optional
	AvailableCents *int64 `json:"availableCents,omitempty"`

	// waitingCents are the maximum prices of the orders that wait for funds.
	// +optional
	WaitingCents int64 `json:"waitingCents,omitempty"`

	// recommendedTransferCents to the provider cover the open reservations, the
	// orders that wait for funds, and lowCents; absent while the balance is not known.
	// +optional
	RecommendedTransferCents *int64 `json:"recommendedTransferCents,omitempty"`

	// spentTodayCents settled and reserved today.
	// +optional
	SpentTodayCents int64 `json:"spentTodayCents,omitempty"`

	// spentThisMonthCents settled and reserved this month.
	// +optional
	SpentThisMonthCents int64 `json:"spentThisMonthCents,omitempty"`

	// ordersWaiting for funds, budget or the provider.
	// +optional
	OrdersWaiting int32 `json:"ordersWaiting,omitempty"`
}

// ZMAAccount is a prefunded account at the ZMA API.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=zmaa,categories=zma
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Balance",type=integer,JSONPath=`.status.balanceCents`
// +kubebuilder:printcolumn:name="Reserved",type=integer,JSONPath=`.status.reservedCents`
// +kubebuilder:printcolumn:name="Transfer",type=integer,JSONPath=`.status.recommendedTransferCents`,priority=1
// +kubebuilder:printcolumn:name="Today",type=integer,JSONPath=`.status.spentTodayCents`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
type ZMAAccount struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object's metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty,omitzero"`

	// spec of the account.
	// +required
	Spec ZMAAccountSpec `json:"spec"`

	// status of the account.
	// +optional
	// +kubebuilder:default={"observedGeneration":-1}
	Status ZMAAccountStatus `json:"status,omitempty,omitzero"`
}

// ZMAAccountList is a list of accounts.
//
// +kubebuilder:object:root=true
type ZMAAccountList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ZMAAccount `json:"items"`
}
