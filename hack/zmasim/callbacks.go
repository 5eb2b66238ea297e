package zmasim

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

const (
	callbackTimeout = 10 * time.Second
	defaultReorder  = 2 * time.Second
	maxRetryFactor  = 64
)

// webhooks maps an event to its URL or URLs.
type webhooks map[string]urls

// urls is a string or an array of strings in JSON.
type urls []string

// UnmarshalJSON accepts both forms, and null.
func (u *urls) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*u = nil
		if one != "" {
			*u = urls{one}
		}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(u))
}

// of includes the older names of two events.
func (w webhooks) of(event string) urls {
	older := map[string]string{"request_succeeded": "order_placed", "request_failed": "order_failed"}[event]
	return append(append(urls{}, w[event]...), w[older]...)
}

// delivery is one event on its way to one URL.
type delivery struct {
	requestID string
	event     string
	url       string
	body      []byte
	secret    string // signs the body; version 2 alone
	v2        bool
	fault     Fault
	overtaken chan struct{} // set for CallbackReorder
}

func newCallbackClient(o Options) *http.Client {
	return &http.Client{
		Timeout: callbackTimeout,
		Transport: &http.Transport{
			TLSClientConfig:     &tls.Config{RootCAs: o.CallbackRootCAs, MinVersion: tls.VersionTLS12},
			MaxConnsPerHost:     64,
			MaxIdleConnsPerHost: 64,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// fire sends an event of an order with the body as it is now.
func (s *Server) fire(o *order, event string) {
	if o.V2 {
		s.fireV2(o, event)
		return
	}
	targets := o.req.Webhooks.of(event)
	if len(targets) == 0 {
		return
	}
	body := mustJSON(o.render())
	for _, target := range targets {
		s.dispatch(delivery{requestID: o.ID, event: event, url: target, body: body}, o)
	}
}

func (s *Server) fireForOld(o *order) {
	_, hit := s.take([]FaultKind{CallbackForOld}, func(f Fault) bool {
		return f.matchesOrder(o.Identity, o.ProductID) && (f.Event == "" || f.Event == outcomeEvent(o))
	})
	if hit {
		s.fire(o, outcomeEvent(o))
	}
}

func (s *Server) fireCancellation(x *cancellation) {
	var req cancelRequest
	_ = json.Unmarshal(x.Body, &req) // parsed before
	event := "request_failed"
	if x.Phase == cancelDone {
		event = "request_succeeded"
	}
	body := mustJSON(x.render())
	for _, target := range req.Webhooks.of(event) {
		s.dispatch(delivery{requestID: x.ID, event: event, url: target, body: body}, s.orders[x.OrderID])
	}
}

func (s *Server) dispatch(d delivery, o *order) {
	sent := []FaultKind{CallbackDrop, CallbackDuplicate, CallbackReorder, CallbackMalformed}
	d.fault, _ = s.take(sent, func(f Fault) bool {
		return f.matchesOrder(o.Identity, o.ProductID) && (f.Event == "" || f.Event == d.event)
	})
	switch d.fault.Kind {
	case CallbackDrop:
		s.recordDelivery(d, 0, 0)
		return
	case CallbackMalformed:
		d.body = []byte(`{"_type": "order_resp`)
	case CallbackReorder:
		d.overtaken = make(chan struct{})
		s.held[d.requestID] = append(s.held[d.requestID], d.overtaken)
	}
	s.workers.Go(func() { s.deliver(d) })
}

// deliver repeats a callback until it is answered with exactly 200; version 2
// takes any 2xx.
func (s *Server) deliver(d delivery) {
	if d.overtaken != nil {
		s.waitToBeOvertaken(d)
	}
	pause := s.opts.CallbackRetry
	for try := 1; s.ctx.Err() == nil; try++ {
		if s.try(d, try) {
			if d.fault.Kind == CallbackDuplicate {
				s.try(d, try+1)
			}
			break
		}
		s.pause(s.ctx, pause)
		pause = min(2*pause, maxRetryFactor*s.opts.CallbackRetry)
	}
	s.update(func() {
		for _, waiting := range s.held[d.requestID] {
			close(waiting)
		}
		delete(s.held, d.requestID)
	})
}

// waitToBeOvertaken leaves the channel behind when time runs out first: whoever
// comes next closes it.
func (s *Server) waitToBeOvertaken(d delivery) {
	ctx, stop := context.WithTimeout(s.ctx, orElse(d.fault.Delay, defaultReorder))
	defer stop()
	select {
	case <-d.overtaken:
	case <-ctx.Done():
	}
}

func (s *Server) try(d delivery, try int) (taken bool) {
	status := s.post(d)
	s.update(func() { s.recordDelivery(d, try, status) })
	return status == http.StatusOK || d.v2 && status/100 == 2
}

// post returns the receiver's status, or 0. A user in the URL becomes HTTP Basic,
// which net/http does by itself.
func (s *Server) post(d delivery) int {
	request, err := http.NewRequestWithContext(s.ctx, http.MethodPost, d.url, bytes.NewReader(d.body))
	if err != nil {
		return 0
	}
	request.Header.Set("Content-Type", "application/json")
	if d.v2 {
		d.sign(request.Header)
	}
	response, err := s.sender.Do(request)
	if err != nil {
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}

func (s *Server) recordDelivery(d delivery, try, status int) {
	s.record.Callbacks = append(s.record.Callbacks, CallbackDelivery{
		At: s.opts.Now(), RequestID: d.requestID, Event: d.event, URL: withoutSecrets(d.url),
		Try: try, Status: status, Fault: string(d.fault.Kind),
	})
}

func withoutSecrets(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "unreadable"
	}
	u.User, u.RawQuery = nil, ""
	return u.String()
}
