package zmasim

import "encoding/json"

// abortOrder answers as GET would; what the answer is worth depends on the product.
func (s *Server) abortOrder(c call) (a answer) {
	s.update(func() {
		o, ok := s.orders[c.id()]
		if !ok {
			a = s.unknownID()
			return
		}
		if o.scenario.abort == abortRefused {
			a = s.invalid("request_id", "this order can't be aborted")
			return
		}
		if o.processing() {
			s.abort(o)
		}
		a = shown(o)
	})
	return a
}

func (s *Server) abort(o *order) {
	o.AbortWanted = true
	if o.scenario.abort == abortAtOnce {
		s.apply(o, failure("aborted_request", map[string]any{"msg": "Order aborted and dequeued"}))
		return
	}
	s.noteOrder(o)
}

// retryOrder makes a new order of a failed one. Only a key in its own body
// protects it from being repeated; the first order's key does not, and is not
// echoed as the new one's.
func (s *Server) retryOrder(c call) answer {
	return s.keyed(c, func() answer {
		o, ok := s.orders[c.id()]
		if !ok {
			return s.unknownID()
		}
		if o.Phase != phaseFailed {
			return s.invalid("request_id", "only a failed order can be retried")
		}
		again := s.accept(withKey(o.Body, c.Head.Key), head{Key: c.Head.Key, Identity: o.Identity, Attempt: o.Attempt, ProductID: o.ProductID})
		return accepted(again.ID)
	})
}

// withKey gives an order's body another key; an empty one leaves it without.
func withKey(body []byte, key string) []byte {
	var sent map[string]json.RawMessage
	_ = json.Unmarshal(body, &sent) // parsed before
	delete(sent, "idempotency_key")
	if key != "" {
		sent["idempotency_key"] = mustJSON(key)
	}
	return mustJSON(sent)
}
