package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// SMTPTLSMode says how a connection to the mail server is protected.
// +kubebuilder:validation:Enum=Opportunistic;StartTLS;TLS
type SMTPTLSMode string

const (
	// SMTPOpportunistic uses STARTTLS when the server offers it.
	SMTPOpportunistic SMTPTLSMode = "Opportunistic"
	// SMTPStartTLS refuses to send without STARTTLS.
	SMTPStartTLS SMTPTLSMode = "StartTLS"
	// SMTPTLS speaks TLS from the first byte.
	SMTPTLS SMTPTLSMode = "TLS"
)

// CustomerMail is a kind of mail to customers.
// +kubebuilder:validation:Enum=confirmation;shipped;delivered;delayed;failed;cancelled;awaitingAddress;refund
type CustomerMail string

const (
	// MailConfirmation says that the retailer has placed the order.
	MailConfirmation CustomerMail = "confirmation"
)

// NotificationPolicySpec says who is told what, and through which server.
type NotificationPolicySpec struct {
	// smtp server that mails leave through.
	// +required
	SMTP SMTPServer `json:"smtp"`

	// sender of the mails: an address, with or without a display name.
	// +required
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=320
	// +kubebuilder:validation:Pattern=`^[^\r\n]*[^@\s<]+@[^@\s>]+>?$`
	Sender string `json:"sender"`

	// adminRecipients of alerts.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=20
	// +kubebuilder:validation:items:MaxLength=254
	// +kubebuilder:validation:items:Pattern=`^[^@\s]+@[^@\s]+$`
	AdminRecipients []string `json:"adminRecipients,omitempty"`

	// customerMails that go out.
	// +optional
	// +kubebuilder:default={confirmation}
	// +listType=set
	// +kubebuilder:validation:MaxItems=8
	CustomerMails []CustomerMail `json:"customerMails,omitempty"`

	// templatesRef names a ConfigMap whose keys override templates.
	// +optional
	TemplatesRef *LocalReference `json:"templatesRef,omitempty"`

	// channels for alerts beside mail.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=10
	Channels []AdminChannel `json:"channels,omitempty"`

	// suspend keeps mails in the outbox.
	// +optional
	// +kubebuilder:default=false
	Suspend bool `json:"suspend"`
}

// SMTPServer is where mails leave.
type SMTPServer struct {
	// host of the server.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9._:-]+$`
	Host string `json:"host"`

	// port of the server.
	// +optional
	// +kubebuilder:default=587
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	Port int32 `json:"port,omitempty"`

	// tls mode.
	// +optional
	// +kubebuilder:default=Opportunistic
	TLS SMTPTLSMode `json:"tls,omitempty"`

	// caRef names a PEM bundle that the server's certificate is verified
	// against, in place of the system's.
	// +optional
	CARef *SecretKeyReference `json:"caRef,omitempty"`

	// secretRef names a Secret with the keys username and password.
	// +optional
	SecretRef *LocalReference `json:"secretRef,omitempty"`
}

// ChannelType is how an alert is sent.
// +kubebuilder:validation:Enum=slack;webhook
type ChannelType string

// AdminChannel is where alerts go beside mail.
type AdminChannel struct {
	// name of the channel.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name"`

	// type of the channel: a Slack-compatible webhook, or signed Standard
	// Webhooks.
	// +required
	Type ChannelType `json:"type"`

	// secretRef names a Secret with the key url and, for webhook, secret.
	// +required
	SecretRef LocalReference `json:"secretRef"`
}

// NotificationPolicyStatus is the observed state of a policy.
type NotificationPolicyStatus struct {
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

// NotificationPolicy says who is told what about orders.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=notificationpolicies,shortName=zman,categories=zma
// +kubebuilder:printcolumn:name="Host",type=string,JSONPath=`.spec.smtp.host`
// +kubebuilder:printcolumn:name="Sender",type=string,JSONPath=`.spec.sender`,priority=1
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
type NotificationPolicy struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object's metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty,omitzero"`

	// spec of the policy.
	// +required
	Spec NotificationPolicySpec `json:"spec"`

	// status of the policy.
	// +optional
	// +kubebuilder:default={"observedGeneration":-1}
	Status NotificationPolicyStatus `json:"status,omitempty,omitzero"`
}

// NotificationPolicyList is a list of policies.
//
// +kubebuilder:object:root=true
type NotificationPolicyList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []NotificationPolicy `json:"items"`
}
