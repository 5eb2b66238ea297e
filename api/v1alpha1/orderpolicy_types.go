package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// PolicyAction is what a matching rule does.
// +kubebuilder:validation:Enum=Deny;Review;Warn
type PolicyAction string

const (
	// PolicyDeny refuses the order for good.
	PolicyDeny PolicyAction = "Deny"
	// PolicyReview holds the order until a person approves or rejects it.
	PolicyReview PolicyAction = "Review"
	// PolicyWarn lets the order pass and says so.
	PolicyWarn PolicyAction = "Warn"
)

// PolicyEnforcement says whether findings have effect.
// +kubebuilder:validation:Enum=Enforce;Audit
type PolicyEnforcement string

const (
	// PolicyEnforce makes findings have effect.
	PolicyEnforce PolicyEnforcement = "Enforce"
	// PolicyAudit only counts and reports findings.
	PolicyAudit PolicyEnforcement = "Audit"
)

// OrderPolicySpec is what an order has to pass before money is spent.
type OrderPolicySpec struct {
	// rules in CEL over order, customer and account. All are evaluated; the
	// strictest action of those that match counts.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=50
	Rules []PolicyRule `json:"rules,omitempty"`

	// items filters products.
	// +optional
	Items *ItemFilter `json:"items,omitempty"`

	// address rules.
	// +optional
	Address *AddressRule `json:"address,omitempty"`

	// velocity limits of one customer; beyond them an order waits for review.
	// +optional
	Velocity *VelocityRule `json:"velocity,omitempty"`

	// duplicates finds orders with the same items, address and amount.
	// +optional
	Duplicates *DuplicateRule `json:"duplicates,omitempty"`

	// approval by a person.
	// +optional
	Approval *ApprovalRule `json:"approval,omitempty"`

	// enforcement of the policy.
	// +optional
	// +kubebuilder:default=Enforce
	Enforcement PolicyEnforcement `json:"enforcement,omitempty"`
}

// PolicyRule is one CEL expression; it matches when the expression is true. An
// expression that fails to evaluate counts as Review.
type PolicyRule struct {
	// name of the rule, unique in the policy.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name"`

	// expression that yields a bool.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=2048
	Expression string `json:"expression"`

	// action of a match.
	Action PolicyAction `json:"action"`

	// message for the condition.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Message string `json:"message,omitempty"`
}

// ItemFilter refuses products.
type ItemFilter struct {
	// patterns of product IDs by retailer; an ID that matches none is refused.
	// Retailers without an entry take any ID.
	// +optional
	// +listType=map
	// +listMapKey=retailer
	// +kubebuilder:validation:MaxItems=20
	Patterns []RetailerPattern `json:"patterns,omitempty"`

	// unsupportedCategories are refused, whatever their case.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=100
	UnsupportedCategories []string `json:"unsupportedCategories,omitempty"`
}

// RetailerPattern is what a retailer's product IDs look like.
type RetailerPattern struct {
	// retailer by the provider's name.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=32
	Retailer string `json:"retailer"`

	// pattern as an RE2 expression over the whole ID.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Pattern string `json:"pattern"`
}

// AddressRule bounds where goods go.
type AddressRule struct {
	// countries allowed, as ISO codes; all when empty.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=250
	// +kubebuilder:validation:items:MaxLength=2
	// +kubebuilder:validation:items:Pattern=`^[A-Z]{2}$`
	Countries []string `json:"countries,omitempty"`

	// allowPOBoxes lets post office boxes pass.
	// +optional
	// +kubebuilder:default=true
	AllowPOBoxes *bool `json:"allowPOBoxes,omitempty"`

	// requirePhone refuses numbers that can't exist.
	// +optional
	// +kubebuilder:default=true
	RequirePhone *bool `json:"requirePhone,omitempty"`

	// normalise sends the address in the country's usual form.
	// +optional
	// +kubebuilder:default=true
	Normalise *bool `json:"normalise,omitempty"`
}

// VelocityRule bounds the orders of one customer.
type VelocityRule struct {
	// ordersPerHour of one customer.
	// +optional
	// +kubebuilder:validation:Minimum=1
	OrdersPerHour *int32 `json:"ordersPerHour,omitempty"`

	// ordersPerDay of one customer.
	// +optional
	// +kubebuilder:validation:Minimum=1
	OrdersPerDay *int32 `json:"ordersPerDay,omitempty"`
}

// DuplicateRule looks back for the same items, address and amount.
type DuplicateRule struct {
	// window to look back.
	// +required
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:Pattern=`^([0-9]+(ms|s|m|h))+$`
	Window metav1.Duration `json:"window"`

	// action when one is found.
	// +optional
	// +kubebuilder:default=Review
	Action PolicyAction `json:"action,omitempty"`
}

// ApprovalRule holds orders for a person.
type ApprovalRule struct {
	// aboveCents of spec.total an order waits for approval.
	// +required
	// +kubebuilder:validation:Minimum=0
	AboveCents int64 `json:"aboveCents"`
}

// OrderPolicyStatus is the observed state of a policy.
type OrderPolicyStatus struct {
	// observedGeneration is the generation that the conditions speak of.
	// +optional
	// +kubebuilder:default=-1
	ObservedGeneration int64 `json:"observedGeneration"`

	// conditions of the policy: Ready.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// OrderPolicy is a set of rules for orders.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=orderpolicies,shortName=zmap,categories=zma
// +kubebuilder:printcolumn:name="Enforcement",type=string,JSONPath=`.spec.enforcement`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
type OrderPolicy struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object's metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty,omitzero"`

	// spec of the policy.
	// +required
	Spec OrderPolicySpec `json:"spec"`

	// status of the policy.
	// +optional
	// +kubebuilder:default={"observedGeneration":-1}
	Status OrderPolicyStatus `json:"status,omitempty,omitzero"`
}

// OrderPolicyList is a list of policies.
//
// +kubebuilder:object:root=true
type OrderPolicyList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []OrderPolicy `json:"items"`
}
