package v1alpha1

// LocalReference names an object in the same namespace.
type LocalReference struct {
	// name of the object.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
}

// SecretKeyReference names one key of a Secret in the same namespace.
type SecretKeyReference struct {
	// name of the Secret.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// key inside the Secret's data.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[-._a-zA-Z0-9]+$`
	Key string `json:"key"`
}

// Money is an amount in minor units of a currency.
type Money struct {
	// currency as an ISO 4217 code.
	// +kubebuilder:validation:Pattern=`^[A-Z]{3}$`
	// +kubebuilder:validation:MaxLength=3
	Currency string `json:"currency"`

	// amountCents in minor units of the currency.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100000000
	AmountCents int64 `json:"amountCents"`
}

// Address is a postal address with the name and phone number of who receives.
type Address struct {
	// firstName of the person who receives the goods.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	// +kubebuilder:validation:XValidation:rule=`self.matches(r'[^\P{L}\x{115F}\x{1160}\x{3164}\x{FFA0}]|\p{N}')`,message="must hold a letter or a digit"
	FirstName string `json:"firstName"`

	// lastName of the person who receives the goods.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	// +kubebuilder:validation:XValidation:rule=`self.matches(r'[^\P{L}\x{115F}\x{1160}\x{3164}\x{FFA0}]|\p{N}')`,message="must hold a letter or a digit"
	LastName string `json:"lastName"`

	// line1 is street and number.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=200
	// +kubebuilder:validation:XValidation:rule=`self.matches(r'[^\P{L}\x{115F}\x{1160}\x{3164}\x{FFA0}]|\p{N}')`,message="must hold a letter or a digit"
	Line1 string `json:"line1"`

	// line2 is unit, floor or building.
	// +optional
	// +kubebuilder:validation:MaxLength=200
	Line2 string `json:"line2,omitempty"`

	// city of the address.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	// +kubebuilder:validation:XValidation:rule=`self.matches(r'[^\P{L}\x{115F}\x{1160}\x{3164}\x{FFA0}]|\p{N}')`,message="must hold a letter or a digit"
	City string `json:"city"`

	// state, province or region; in the US its two letters or its name.
	// +optional
	// +kubebuilder:validation:MaxLength=100
	State string `json:"state,omitempty"`

	// postalCode as written in the country; a dash where it has none.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:XValidation:rule=`self.matches(r'[^\P{L}\x{115F}\x{1160}\x{3164}\x{FFA0}]|[\p{N}\p{P}]|[^\P{S}\x{2800}]')`,message="must hold a character that can be seen"
	PostalCode string `json:"postalCode"`

	// country as an ISO 3166-1 alpha-2 code.
	// +kubebuilder:validation:Pattern=`^[A-Z]{2}$`
	// +kubebuilder:validation:MaxLength=2
	Country string `json:"country"`

	// phone number; carriers refuse parcels without one.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule=`self.matches(r'[^\P{L}\x{115F}\x{1160}\x{3164}\x{FFA0}]|\p{N}')`,message="must hold a letter or a digit"
	Phone string `json:"phone"`

	// email of the person who receives the goods.
	// +optional
	// +kubebuilder:validation:MaxLength=254
	// +kubebuilder:validation:Pattern=`^[^@\s]+@[^@\s]+$`
	Email string `json:"email,omitempty"`
}
