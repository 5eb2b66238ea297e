package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ZMAOrderSpec says what to buy, for whom, and within which limits. It can't
// be changed once created, except suspend, cancel (one way) and, while no
// submission may be under way, shippingAddress.
//
// +kubebuilder:validation:XValidation:rule="self.accountRef == oldSelf.accountRef",message="accountRef can't be changed"
// +kubebuilder:validation:XValidation:rule="has(self.policyRef) == has(oldSelf.policyRef) && (!has(self.policyRef) || self.policyRef == oldSelf.policyRef)",message="policyRef can't be changed"
// +kubebuilder:validation:XValidation:rule="has(self.source) == has(oldSelf.source) && (!has(self.source) || self.source == oldSelf.source)",message="source can't be changed"
// +kubebuilder:validation:XValidation:rule="has(self.shard) == has(oldSelf.shard) && (!has(self.shard) || self.shard == oldSelf.shard)",message="shard can't be changed"
// +kubebuilder:validation:XValidation:rule="self.retailer == oldSelf.retailer",message="retailer can't be changed"
// +kubebuilder:validation:XValidation:rule="self.items == oldSelf.items",message="items can't be changed"
// +kubebuilder:validation:XValidation:rule="has(self.gift) == has(oldSelf.gift) && (!has(self.gift) || self.gift == oldSelf.gift)",message="gift can't be changed"
// +kubebuilder:validation:XValidation:rule="has(self.recipientOfGift) == has(oldSelf.recipientOfGift) && (!has(self.recipientOfGift) || self.recipientOfGift == oldSelf.recipientOfGift)",message="recipientOfGift can't be changed"
// +kubebuilder:validation:XValidation:rule="self.customer == oldSelf.customer",message="customer can't be changed"
// +kubebuilder:validation:XValidation:rule="self.total == oldSelf.total",message="total can't be changed"
// +kubebuilder:validation:XValidation:rule="self.payment == oldSelf.payment",message="payment can't be changed"
// +kubebuilder:validation:XValidation:rule="self.shipping == oldSelf.shipping",message="shipping can't be changed"
// +kubebuilder:validation:XValidation:rule="has(self.notBefore) == has(oldSelf.notBefore) && (!has(self.notBefore) || self.notBefore == oldSelf.notBefore)",message="notBefore can't be changed"
// +kubebuilder:validation:XValidation:rule="has(self.maxPriceCents) == has(oldSelf.maxPriceCents) && (!has(self.maxPriceCents) || self.maxPriceCents == oldSelf.maxPriceCents)",message="maxPriceCents can't be changed"
// +kubebuilder:validation:XValidation:rule="!oldSelf.cancel || self.cancel",message="cancel can't be taken back"
// +kubebuilder:validation:XValidation:rule="!self.?recipientOfGift.orValue(false) || has(self.gift)",message="recipientOfGift needs gift"
type ZMAOrderSpec struct {
	// accountRef names the ZMAAccount that pays.
	// +required
	AccountRef LocalReference `json:"accountRef"`

	// policyRef names the OrderPolicy that the order has to pass.
	// +optional
	PolicyRef *LocalReference `json:"policyRef,omitempty"`

	// source says where the order comes from. With a source, metadata.name must
	// be the one derived from it; without one, the order was made by hand.
	// +optional
	Source *OrderSource `json:"source,omitempty"`

	// shard selects the controller that works on the order, where several share
	// the work by a field selector.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Shard string `json:"shard,omitempty"`

	// retailer to buy from, by the provider's name. Managed accounts buy from
	// "amazon" only.
	// +optional
	// +kubebuilder:default=amazon
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:Pattern=`^[a-z0-9_]+$`
	Retailer string `json:"retailer,omitempty"`

	// items to buy; all from one retailer and sent to one address.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=50
	Items []OrderItem `json:"items"`

	// shippingAddress of the person who receives the goods. Can be corrected
	// while no submission is intended, unresolved or accepted.
	// +required
	ShippingAddress Address `json:"shippingAddress"`

	// recipientOfGift says that shippingAddress is that of a gift's recipient,
	// not the customer's own.
	// +optional
	RecipientOfGift *bool `json:"recipientOfGift,omitempty"`

	// gift makes the order a gift, which hides prices from the recipient.
	// +optional
	Gift *Gift `json:"gift,omitempty"`

	// customer who ordered, for limits and mails.
	// +required
	Customer Customer `json:"customer"`

	// total that the customer was charged.
	// +required
	Total Money `json:"total"`

	// payment of the customer, verified before money is spent.
	// +optional
	// +kubebuilder:default={provider: none}
	Payment Payment `json:"payment,omitempty,omitzero"`

	// shipping speed and price.
	// +optional
	// +kubebuilder:default={method: cheapest}
	Shipping Shipping `json:"shipping,omitempty,omitzero"`

	// notBefore schedules the order: nothing is submitted earlier.
	// +optional
	NotBefore *metav1.Time `json:"notBefore,omitempty"`

	// maxPriceCents is the highest price, shipping and tax included, that may be
	// paid. Computed by the account's maxPrice rule when absent.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100000000
	MaxPriceCents *int64 `json:"maxPriceCents,omitempty"`

	// suspend stops new submissions; an order under way is still followed.
	// +optional
	// +kubebuilder:default=false
	Suspend bool `json:"suspend"`

	// cancel asks to abort or cancel the order. It can't be taken back.
	// +optional
	// +kubebuilder:default=false
	Cancel bool `json:"cancel"`
}

// OrderSource identifies an order at the system that sent it.
type OrderSource struct {
	// name of the WebhookSource. "manual" is kept for orders without a source.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	// +kubebuilder:validation:XValidation:rule="self != 'manual'",message="the source name manual is kept for orders made by hand"
	Name string `json:"name"`

	// externalID of the order at its sender.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^[!-~]+$`
	ExternalID string `json:"externalID"`
}

// OrderItem is one line of an order.
type OrderItem struct {
	// productID at the retailer.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9._-]+$`
	ProductID string `json:"productID"`

	// quantity to buy.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	Quantity int32 `json:"quantity"`

	// unitPriceCents expected for one piece, without shipping and tax.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100000000
	UnitPriceCents *int64 `json:"unitPriceCents,omitempty"`

	// variants chosen, such as colour or size.
	// +optional
	// +listType=map
	// +listMapKey=dimension
	// +kubebuilder:validation:MaxItems=10
	Variants []Variant `json:"variants,omitempty"`

	// title for people to read.
	// +optional
	// +kubebuilder:validation:MaxLength=300
	Title string `json:"title,omitempty"`

	// category of the product, for policies.
	// +optional
	// +kubebuilder:validation:MaxLength=100
	Category string `json:"category,omitempty"`
}

// Variant is one choice among a product's variants.
type Variant struct {
	// dimension of the choice, such as color.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Dimension string `json:"dimension"`

	// value chosen.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	Value string `json:"value"`
}

// Gift holds the options of a gift.
type Gift struct {
	// message printed on the gift note. The provider takes at most 240
	// characters.
	// +optional
	// +kubebuilder:validation:MaxLength=240
	Message string `json:"message,omitempty"`
}

// Customer is the person who ordered.
type Customer struct {
	// id of the customer at the sender.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	ID string `json:"id"`

	// email for confirmations.
	// +optional
	// +kubebuilder:validation:MaxLength=254
	// +kubebuilder:validation:Pattern=`^[^@\s]+@[^@\s]+$`
	Email string `json:"email,omitempty"`
}

// PaymentProvider is who took the customer's money.
// +kubebuilder:validation:Enum=none;stripe
type PaymentProvider string

const (
	// PaymentProviderNone means that there is no payment to verify.
	PaymentProviderNone PaymentProvider = "none"
	// PaymentProviderStripe means that reference is a Stripe PaymentIntent.
	PaymentProviderStripe PaymentProvider = "stripe"
)

// Payment refers to the customer's payment. Card data is never accepted.
//
// +kubebuilder:validation:XValidation:rule="self.provider == 'none' ? !has(self.reference) : (has(self.reference) && has(self.amountCents))",message="payment needs reference and amountCents, unless its provider is none, which takes no reference"
type Payment struct {
	// provider of the payment.
	// +optional
	// +kubebuilder:default=none
	Provider PaymentProvider `json:"provider"`

	// reference of the payment at its provider, such as a PaymentIntent ID.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9_]+$`
	Reference string `json:"reference,omitempty"`

	// amountCents that was paid, in the currency of total.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100000000
	AmountCents *int64 `json:"amountCents,omitempty"`
}

// Shipping chooses by method, or by order, days and price.
//
// +kubebuilder:validation:XValidation:rule="has(self.method) != has(self.orderBy)",message="shipping needs either method or orderBy"
// +kubebuilder:validation:XValidation:rule="has(self.orderBy) || (!has(self.maxDays) && !has(self.maxPriceCents))",message="maxDays and maxPriceCents need orderBy"
type Shipping struct {
	// method by name.
	// +optional
	// +kubebuilder:validation:Enum=cheapest;fastest;free;amazon_day
	Method string `json:"method,omitempty"`

	// orderBy picks the cheapest or the fastest way within maxDays and
	// maxPriceCents.
	// +optional
	// +kubebuilder:validation:Enum=price;speed
	OrderBy string `json:"orderBy,omitempty"`

	// maxDays until delivery.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=60
	MaxDays *int32 `json:"maxDays,omitempty"`

	// maxPriceCents of shipping alone.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100000000
	MaxPriceCents *int64 `json:"maxPriceCents,omitempty"`
}

// ZMAOrder is an order for goods, placed once with the ZMA API.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=zmao,categories=zma
// +kubebuilder:selectablefield:JSONPath=`.spec.shard`
// +kubebuilder:selectablefield:JSONPath=`.spec.accountRef.name`
// +kubebuilder:selectablefield:JSONPath=`.spec.source.name`
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Total",type=string,JSONPath=`.status.total`
// +kubebuilder:printcolumn:name="Account",type=string,JSONPath=`.spec.accountRef.name`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Request-ID",type=string,JSONPath=`.status.submission.requestID`,priority=1
// +kubebuilder:printcolumn:name="Attempt",type=integer,JSONPath=`.status.submission.attempt`,priority=1
// +kubebuilder:printcolumn:name="Next-Retry",type=string,JSONPath=`.status.recovery.nextAttemptAt`,priority=1
// +kubebuilder:printcolumn:name="Cost",type=string,JSONPath=`.status.cost.display`,priority=1
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
// +kubebuilder:validation:XValidation:rule="self.spec.shippingAddress == oldSelf.spec.shippingAddress || !(self.?status.submission.state.orValue('None') in ['Intended', 'Unknown', 'Accepted'])",message="shippingAddress can't be changed while a submission is intended, unresolved or accepted"
// +kubebuilder:validation:XValidation:rule="!has(self.spec.source) || self.metadata.name.matches('^zo-[a-z2-7]{26}$')",message="an order with a source must have the name derived from it"
type ZMAOrder struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object's metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty,omitzero"`

	// spec says what to buy.
	// +required
	Spec ZMAOrderSpec `json:"spec"`

	// status says how far it has come.
	// +optional
	// +kubebuilder:default={"observedGeneration":-1}
	Status ZMAOrderStatus `json:"status,omitempty,omitzero"`
}

// ZMAOrderList is a list of orders.
//
// +kubebuilder:object:root=true
type ZMAOrderList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ZMAOrder `json:"items"`
}
