package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// AuthScheme is how a sender proves who it is.
// +kubebuilder:validation:Enum=standardWebhooks;stripe;hmac;bearer
type AuthScheme string

const (
	// AuthStandardWebhooks verifies signatures by the Standard Webhooks
	// specification.
	AuthStandardWebhooks AuthScheme = "standardWebhooks"
	// AuthStripe verifies the Stripe-Signature header.
	AuthStripe AuthScheme = "stripe"
	// AuthHMAC verifies an HMAC over the body in a header.
	AuthHMAC AuthScheme = "hmac"
	// AuthBearer compares a bearer token.
	AuthBearer AuthScheme = "bearer"
)

// WebhookSourceSpec connects one sender of webhooks.
type WebhookSourceSpec struct {
	// path under /webhooks/<namespace>/ on which the sender posts; the name of
	// the source when absent.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9_]*[a-z0-9])?(/[a-z0-9]([-a-z0-9_]*[a-z0-9])?)*$`
	Path string `json:"path,omitempty"`

	// auth of the sender.
	// +required
	Auth WebhookAuth `json:"auth"`

	// cors for senders in a browser; none when absent.
	// +optional
	CORS *CORS `json:"cors,omitempty"`

	// rateLimit of this source.
	// +optional
	// +kubebuilder:default={}
	RateLimit RateLimit `json:"rateLimit,omitempty,omitzero"`

	// maxBodyBytes accepted.
	// +optional
	// +kubebuilder:default=262144
	// +kubebuilder:validation:Minimum=1024
	// +kubebuilder:validation:Maximum=1048576
	MaxBodyBytes int64 `json:"maxBodyBytes,omitempty"`

	// accountRef of the orders made.
	// +required
	AccountRef LocalReference `json:"accountRef"`

	// policyRef of the orders made.
	// +optional
	PolicyRef *LocalReference `json:"policyRef,omitempty"`

	// mapping from the body to orders. The native body is expected when absent.
	// +optional
	Mapping *WebhookMapping `json:"mapping,omitempty"`

	// eventFilter in CEL over body and headers; events for which it is false are
	// answered with 200 and make no order.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=2048
	EventFilter string `json:"eventFilter,omitempty"`

	// suspend answers 503, so that senders try again later.
	// +optional
	// +kubebuilder:default=false
	Suspend bool `json:"suspend"`
}

// WebhookAuth is how the sender is authenticated.
//
// +kubebuilder:validation:XValidation:rule="self.scheme == 'hmac' || !has(self.hmac)",message="hmac is for the scheme hmac only"
// +kubebuilder:validation:XValidation:rule="self.scheme != 'hmac' || has(self.hmac)",message="the scheme hmac needs hmac"
// +kubebuilder:validation:XValidation:rule="!has(self.tolerance) || (duration(self.tolerance) >= duration('1s') && duration(self.tolerance) <= duration('1h'))",message="tolerance must be between 1s and 1h"
type WebhookAuth struct {
	// scheme of authentication.
	// +required
	Scheme AuthScheme `json:"scheme"`

	// secretRefs that verify; several while a secret is being rotated.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=5
	SecretRefs []SecretKeyReference `json:"secretRefs"`

	// tolerance between a signature's time and now.
	// +optional
	// +kubebuilder:default="5m"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:Pattern=`^([0-9]+(ms|s|m|h))+$`
	Tolerance *metav1.Duration `json:"tolerance,omitempty"`

	// hmac describes the header of the scheme hmac.
	// +optional
	HMAC *HMACScheme `json:"hmac,omitempty"`
}

// HMACScheme is an HMAC over the raw body, and a time if there is one, in a header.
//
// +kubebuilder:validation:XValidation:rule="!has(self.signedContent) || self.signedContent.contains('{timestamp}') == has(self.timestampHeader)",message="signedContent must have {timestamp} when timestampHeader is set, and only then"
type HMACScheme struct {
	// header that carries the signature.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9-]+$`
	Header string `json:"header"`

	// prefix before the signature, such as "sha256=".
	// +optional
	// +kubebuilder:validation:MaxLength=32
	Prefix string `json:"prefix,omitempty"`

	// algorithm of the HMAC.
	// +optional
	// +kubebuilder:default=sha256
	// +kubebuilder:validation:Enum=sha256;sha512
	Algorithm string `json:"algorithm,omitempty"`

	// encoding of the signature.
	// +optional
	// +kubebuilder:default=hex
	// +kubebuilder:validation:Enum=hex;base64
	Encoding string `json:"encoding,omitempty"`

	// timestampHeader carries the time of sending, which is signed too. Without it a
	// captured request can be replayed; replays make no second order.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9-]+$`
	TimestampHeader string `json:"timestampHeader,omitempty"`

	// timestampUnit since 1970 of the time: s or ms.
	// +optional
	// +kubebuilder:default=s
	// +kubebuilder:validation:Enum=s;ms
	TimestampUnit string `json:"timestampUnit,omitempty"`

	// signedContent is what is signed: text in which {timestamp} and {body} stand
	// for the time as sent and the raw body, which comes last. "{timestamp}.{body}"
	// with a timestampHeader and "{body}" without one when absent.
	// +optional
	// +kubebuilder:validation:MinLength=6
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[ -z|~]*(\{timestamp\}[ -/:-z|~][ -z|~]*)?\{body\}$`
	SignedContent string `json:"signedContent,omitempty"`
}

// CORS allows browsers to post.
type CORS struct {
	// allowedOrigins, each a scheme and host; no wildcard.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=20
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:Pattern=`^https?://[^/*?#@]+$`
	AllowedOrigins []string `json:"allowedOrigins"`

	// maxAgeSeconds that a browser may keep the answer.
	// +optional
	// +kubebuilder:default=600
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=86400
	MaxAgeSeconds *int32 `json:"maxAgeSeconds,omitempty"`
}

// RateLimit of requests, by source and by client address.
type RateLimit struct {
	// perMinute of the source.
	// +optional
	// +kubebuilder:default=6000
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=600000
	PerMinute int32 `json:"perMinute,omitempty"`

	// burst of the source.
	// +optional
	// +kubebuilder:default=200
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100000
	Burst int32 `json:"burst,omitempty"`

	// perClientPerMinute of one client address.
	// +optional
	// +kubebuilder:default=6000
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=600000
	PerClientPerMinute int32 `json:"perClientPerMinute,omitempty"`
}

// WebhookMapping makes orders from any JSON body by CEL over body and headers.
type WebhookMapping struct {
	// externalID expression yields the order's ID at the sender, or a list of them,
	// one for each order of a list.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	ExternalID string `json:"externalID"`

	// order expression yields an object with the fields of the native body except
	// externalID, or a list of at most 50, one for each recipient.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=8192
	Order string `json:"order"`
}

// WebhookSourceStatus is the observed state of a source.
type WebhookSourceStatus struct {
	// observedGeneration is the generation that the conditions speak of.
	// +optional
	// +kubebuilder:default=-1
	ObservedGeneration int64 `json:"observedGeneration"`

	// conditions of the source: Ready.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// webhookPath on which the sender posts.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	WebhookPath string `json:"webhookPath,omitempty"`
}

// WebhookSource is a sender of webhooks that make orders.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=zmaw,categories=zma
// +kubebuilder:printcolumn:name="Path",type=string,JSONPath=`.status.webhookPath`
// +kubebuilder:printcolumn:name="Scheme",type=string,JSONPath=`.spec.auth.scheme`
// +kubebuilder:printcolumn:name="Account",type=string,JSONPath=`.spec.accountRef.name`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
type WebhookSource struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object's metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty,omitzero"`

	// spec of the source.
	// +required
	Spec WebhookSourceSpec `json:"spec"`

	// status of the source.
	// +optional
	// +kubebuilder:default={"observedGeneration":-1}
	Status WebhookSourceStatus `json:"status,omitempty,omitzero"`
}

// WebhookSourceList is a list of sources.
//
// +kubebuilder:object:root=true
type WebhookSourceList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []WebhookSource `json:"items"`
}
