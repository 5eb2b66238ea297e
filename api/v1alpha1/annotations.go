package v1alpha1

// Finalizers and annotations of zma.dev.
const (
	// OrderFinalizer keeps a ZMAOrder until its end is known and recorded. Set at
	// creation by the webhook endpoint, which saves a write.
	OrderFinalizer = "zma.dev/order"

	// AccountFinalizer keeps a ZMAAccount while unresolved orders use it.
	AccountFinalizer = "zma.dev/account"

	// AnnotationPayloadHash holds the hash of the payload that made an order; it
	// tells a redelivery from another order under the same ID.
	AnnotationPayloadHash = "zma.dev/payload-hash"

	// AnnotationDelivery holds the digest of the signed delivery that made an order;
	// it tells an exact replay from an honest repetition.
	AnnotationDelivery = "zma.dev/delivery"

	// AnnotationRequestID holds the ID of the HTTP request that made an order,
	// which ties log lines from webhook to delivery together.
	AnnotationRequestID = "zma.dev/request-id"

	// AnnotationRecover asks for recovery by hand: verb[:argument][@token].
	AnnotationRecover = "zma.dev/recover"

	// AnnotationRecoverBy names the user who asked, as the admission policy has
	// stamped it; it can't be set by hand.
	AnnotationRecoverBy = "zma.dev/recover-by"
)
