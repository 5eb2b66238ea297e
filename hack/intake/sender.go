package intake

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/zma-operator/zma-operator/hack/intake/oracle"
	"github.com/zma-operator/zma-operator/hack/intake/site"
	"github.com/zma-operator/zma-operator/hack/shop"
)

// The pauses between tries are those of the Standard Webhooks specification, five
// seconds to ten hours, scaled down to a run.
const (
	firstPause   = 100 * time.Millisecond
	longestPause = 8 * time.Second
)

// answerTimeout is the shortest that the specification allows senders.
const answerTimeout = 15 * time.Second

// sender brings deliveries to their end.
type sender struct {
	site    *site.Site
	service *service
	http    *http.Client
	signer  *shop.Sender
	forger  *shop.Sender // has another secret
}

func newSender(s *site.Site, v *service) *sender {
	return &sender{
		site: s, service: v,
		http:   &http.Client{Timeout: answerTimeout, Transport: &http.Transport{MaxIdleConnsPerHost: 256}},
		signer: &shop.Sender{Secret: s.Secret}, forger: &shop.Sender{Secret: shop.NewSecret()},
	}
}

// deliver tries until there is a final answer or ctx ends. After a try that was
// not answered, it goes to the other replica.
func (s *sender) deliver(ctx context.Context, number int, d delivery) (oracle.Delivery, error) {
	out := oracle.Delivery{Source: d.source, ExternalID: d.externalID, Content: d.content, Refusal: d.kind.refusal()}
	wanted := d.first
	for n := 1; ; n++ {
		t, err := s.try(ctx, s.service.pick(wanted), fmt.Sprintf("%s-%06d-%03d", d.source, number, n), d)
		if err != nil {
			return out, err
		}
		out.Tries = append(out.Tries, t)
		if final(t.Status) {
			return out, nil
		}
		if t.Status == 0 {
			wanted++
		}
		select {
		case <-time.After(pause(n, t.RetryAfter)):
		case <-ctx.Done():
			out.GaveUp = true
			return out, nil
		}
	}
}

// final tells whether a sender stops at an answer. It goes on at those that may
// change, and at no answer.
func final(status int) bool {
	switch status {
	case http.StatusOK, http.StatusAccepted:
		return true
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusNotFound, http.StatusConflict,
		http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType:
		return true
	}
	return false
}

// pause before the next try: exponential with jitter, and as long as the endpoint
// asks for.
func pause(tries int, retryAfter string) time.Duration {
	p := firstPause
	for range tries - 1 {
		p = min(3*p, longestPause)
	}
	p = p/2 + rand.N(p/2+1)
	if seconds, err := strconv.Atoi(retryAfter); err == nil {
		p += time.Duration(seconds) * time.Second
	}
	return p
}
