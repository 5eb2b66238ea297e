package zmasim

// abortOrder answers as GET would; what the answer is worth depends on the product.
func (s *Server) abortOrder(c call) (a answer) {
	s.update(func() {
		o, ok := s.orders[c.id()]
		if !ok {
			a = s.unknownID()
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
// protects it from being repeated; the first order's key does not.
func (s *Server) retryOrder(c call) answer {
	return s.keyed(c, func() answer {
		o, ok := s.orders[c.id()]
		if !ok {
			return s.unknownID()
		}
		if o.Phase != phaseFailed {
			return s.invalid("request_id", "only a failed order can be retried")
		}
		again := s.accept(o.Body, head{Key: c.Head.Key, Identity: o.Identity, Attempt: o.Attempt, ProductID: o.ProductID})
		return accepted(again.ID)
	})
}
