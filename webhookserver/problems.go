package webhookserver

import (
	"fmt"
	"net/http"
	"time"

	"github.com/zma-operator/zma-operator/webhookserver/internal/mapping"
)

// pause before a sender should repeat what we could not do.
const (
	briefPause = 2 * time.Second
	outage     = 10 * time.Second
	notReady   = time.Minute
)

func notFound() *problem {
	return &problem{status: http.StatusNotFound, slug: "not-found", category: categoryClient,
		title: "Not found", detail: "Nothing is served here."}
}

func methodNotAllowed() *problem {
	return &problem{status: http.StatusMethodNotAllowed, slug: "method-not-allowed", category: categoryClient,
		title: "Method not allowed", detail: "Use POST.", header: http.Header{"Allow": {http.MethodPost}}}
}

func sourceSuspended() *problem {
	return &problem{status: http.StatusServiceUnavailable, slug: "source-suspended", category: categoryUnavailable,
		title: "Source suspended", detail: "This source is suspended. Send again later.", retryAfter: notReady}
}

func sourceNotReady(cause error) *problem {
	return &problem{status: http.StatusServiceUnavailable, slug: "source-not-ready", category: categoryUnavailable,
		title: "Source not ready", detail: "This source is not ready to take webhooks. Send again later.",
		retryAfter: notReady, cause: cause}
}

func unsupportedMedia(detail string) *problem {
	return &problem{status: http.StatusUnsupportedMediaType, slug: "unsupported-media-type", category: categoryClient,
		title: "Unsupported media type", detail: detail}
}

func bodyTooLarge(limit int64) *problem {
	return &problem{status: http.StatusRequestEntityTooLarge, slug: "body-too-large", category: categoryClient,
		title: "Body too large", detail: fmt.Sprintf("The body may have %d bytes at most.", limit)}
}

func bodyUnreadable() *problem {
	return &problem{status: http.StatusBadRequest, slug: "body-unreadable", category: categoryClient,
		title: "Body unreadable", detail: "The body did not arrive completely."}
}

// unauthenticated is one answer for every cause: it must not tell a wrong
// signature from a wrong time.
func unauthenticated(challenge string) *problem {
	return &problem{status: http.StatusUnauthorized, slug: "unauthenticated", category: categoryAuth,
		title: "Not authenticated", detail: "The request could not be authenticated.",
		header: http.Header{"Www-Authenticate": {challenge}}}
}

func cardData() *problem {
	return &problem{status: http.StatusBadRequest, slug: "card-data", category: categoryClient, event: eventCardNumber,
		title:  "Card data refused",
		detail: "The body holds what looks like a payment card number. Nothing was stored. Send a payment reference instead."}
}

func invalidBody(fields []mapping.FieldError) *problem {
	return &problem{status: http.StatusBadRequest, slug: "invalid-body", category: categoryClient,
		title: "Body is not an order", detail: "The body does not have the form of an order; see errors.", fields: fields}
}

func mappingFailed(fields []mapping.FieldError) *problem {
	return &problem{status: http.StatusBadRequest, slug: "mapping-failed", category: categoryClient,
		title: "Body can't be mapped", detail: "The source's expressions can't make an order of this body; see errors.", fields: fields}
}

func invalidOrder(fields []mapping.FieldError) *problem {
	return &problem{status: http.StatusBadRequest, slug: "invalid-order", category: categoryClient,
		title: "Order is not valid", detail: "The order breaks rules of its fields; see errors.", fields: fields}
}

func payloadConflict() *problem {
	return &problem{status: http.StatusConflict, slug: "payload-conflict", category: categoryClient,
		title:  "External ID already used",
		detail: "An order with this external ID was made from another payload. It was not changed."}
}

func unavailable(after time.Duration, cause error) *problem {
	return &problem{status: http.StatusServiceUnavailable, slug: "unavailable", category: categoryUnavailable,
		title: "Temporarily unavailable", detail: "The request could not be stored now. Send it again.",
		retryAfter: after, cause: cause}
}

func overloaded() *problem {
	return &problem{status: http.StatusServiceUnavailable, slug: "overloaded", category: categoryLimit,
		title: "Overloaded", detail: "Too many requests are under way. Send again.", retryAfter: briefPause}
}

func internalError(cause error) *problem {
	return &problem{status: http.StatusInternalServerError, slug: "internal", category: categoryUnavailable,
		title: "Internal error", detail: "The request could not be handled. Send it again.", cause: cause}
}
