package mapping

import (
	"net/http"
	"slices"
	"strings"

	"github.com/google/cel-go/common/types/ref"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Input is one verified delivery.
type Input struct {
	// Body as received.
	Body []byte
	// Header of the request. Most schemes do not sign it: what an expression reads
	// of it may have been changed on the way by whoever can change requests.
	Header http.Header
	// RequestID of the HTTP request; noted on the orders.
	RequestID string
	// Delivery is the digest of the signed delivery; noted on the orders. Empty
	// for schemes that sign nothing that tells one from another.
	Delivery string
}

// variables of the expressions: the body, and headers under names in small
// letters with the first value of each. Credentials and what differs from try to
// try of one delivery are left out.
func variables(body ref.Val, header http.Header, auth v1alpha1.WebhookAuth) map[string]any {
	hidden := hiddenHeaders(auth)
	headers := map[string]any{}
	for name, values := range header {
		name = strings.ToLower(name)
		if len(values) > 0 && !slices.Contains(hidden, name) {
			headers[name] = strings.ToValidUTF8(values[0], "\uFFFD")
		}
	}
	return map[string]any{bodyVariable: body, headersVariable: newObject(headers)}
}

func hiddenHeaders(auth v1alpha1.WebhookAuth) []string {
	hidden := []string{"authorization", "proxy-authorization", "cookie"}
	switch auth.Scheme {
	case v1alpha1.AuthStandardWebhooks:
		hidden = append(hidden, "webhook-signature", "webhook-timestamp", "svix-signature", "svix-timestamp")
	case v1alpha1.AuthStripe:
		hidden = append(hidden, "stripe-signature")
	}
	if auth.HMAC != nil {
		hidden = append(hidden, strings.ToLower(auth.HMAC.Header), strings.ToLower(auth.HMAC.TimestampHeader))
	}
	return hidden
}
