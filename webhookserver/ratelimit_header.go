package webhookserver

import (
	"fmt"
	"net/http"

	"github.com/zma-operator/zma-operator/webhookserver/internal/limit"
)

// advertise adds a limit to the header fields of
// draft-ietf-httpapi-ratelimit-headers-10: q requests within w seconds; r of them
// could be sent now. t is when additional quota comes, which with a token bucket
// is the next token's time, rounded up; not when the bucket is full, for then
// Retry-After would have to wait for that too.
func advertise(h http.Header, name string, r limit.Rate, s limit.State) {
	add(h, "Ratelimit-Policy", fmt.Sprintf(`"%s";q=%d;w=60`, name, r.PerMinute))
	add(h, "Ratelimit", fmt.Sprintf(`"%s";r=%d;t=%s`, name, s.Left, seconds(s.Next)))
}

// add keeps one line for each field: not every sender joins several.
func add(h http.Header, field, item string) {
	if before := h.Get(field); before != "" {
		item = before + ", " + item
	}
	h.Set(field, item)
}
