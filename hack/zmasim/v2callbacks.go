package zmasim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
)

// SetV2Webhook makes url receive the events of version 2's orders from now on,
// signed with secret; an empty url stops them.
func (s *Server) SetV2Webhook(url, secret string) {
	s.update(func() { s.v2.webhookURL, s.v2.webhookSecret = url, secret })
}

// fireV2 sends an event of an order to the account's one URL. event is version 2's,
// or version 1's for what has happened.
func (s *Server) fireV2(o *order, event string) {
	name := o.eventV2(event)
	if name == "" || s.v2.webhookURL == "" {
		return
	}
	if (name == "order.placed" || name == "order.failed") && !o.StartedV2 {
		o.StartedV2 = true // its timer comes late; an end has a beginning all the same
		s.fireV2(o, "order.started")
	}
	now := s.opts.Now()
	data, status := map[string]any{}, o.statusV2(now)
	switch name {
	case "order.started":
		status = "in_progress"
	case "order.placed":
		data["price_components"] = o.renderPrices()
	case "order.failed":
		data["error_type"], data["error"] = errorTypeV2(o.Code), "The order ended with "+errorTypeV2(o.Code)+"."
	case "order.tracking_received", "order.delivered":
		data["tracking_numbers"] = o.renderTrackingV2()
	}
	body := mustJSON(map[string]any{"event": name, "order_id": o.ID, "status": status, "timestamp": stamp(now), "data": data})
	s.dispatch(delivery{requestID: o.ID, event: name, url: s.v2.webhookURL, secret: s.v2.webhookSecret, body: body, v2: true}, o)
}

// eventV2 names what version 1 calls event; empty for what version 2 does not tell.
func (o *order) eventV2(event string) string {
	switch event {
	case "request_succeeded":
		return "order.placed"
	case "request_failed":
		if o.processing() {
			return "" // under review, which version 2 does not tell
		}
		if o.Code == "aborted_request" {
			return "order.cancelled"
		}
		return "order.failed"
	case "tracking_updated":
		switch taken, all := o.steps(); {
		case taken == all:
			return "order.delivered"
		case taken <= all/2:
			return "order.tracking_received"
		}
	case "status_updated":
		if o.takenBack() {
			return "order.cancelled"
		}
	}
	if strings.HasPrefix(event, "order.") {
		return event
	}
	return ""
}

// sign adds what a receiver knows an event and its sender by.
func (d delivery) sign(h http.Header) {
	mac := hmac.New(sha256.New, []byte(d.secret))
	_, _ = mac.Write(d.body) // never fails
	h.Set("X-Webhook-Event", d.event)
	h.Set("X-Webhook-Signature", hex.EncodeToString(mac.Sum(nil)))
}
