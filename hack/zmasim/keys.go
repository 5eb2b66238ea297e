package zmasim

// answerName is what an answer is remembered under. The documentation allows a
// key in any POST; two calls that share a key but not a path are two calls.
type answerName struct {
	Path string `json:"path"`
	Key  string `json:"key"`
}

type keyedAnswer struct {
	Name       answerName `json:"name"`
	BodySHA256 string     `json:"bodySHA256"`
	Status     int        `json:"status"`
	Body       []byte     `json:"body"`
	RequestID  string     `json:"requestID,omitempty"`
}

// keyed gives the first answer of a key for ever, refusals included, and runs
// first only for a key not seen before. Both happen under the lock: of
// two simultaneous calls one acts and the other gets its answer.
func (s *Server) keyed(c call, first func() answer) answer {
	var a answer
	s.update(func() {
		if c.Head.Key == "" {
			a = first()
			return
		}
		name := answerName{Path: c.Request.URL.Path, Key: c.Head.Key}
		if known, ok := s.answers[name]; ok {
			a = s.replay(known, c)
			return
		}
		a = first()
		known := keyedAnswer{Name: name, BodySHA256: c.bodySHA256(), Status: a.Status, Body: a.Body, RequestID: a.RequestID}
		s.answers[name] = known
		s.note(entry{Answer: &known})
	})
	return a
}

func (s *Server) replay(known keyedAnswer, c call) answer {
	if s.opts.Switches.RefuseChangedBody && known.BodySHA256 != c.bodySHA256() {
		return s.invalid("idempotency_key", "was used with another body")
	}
	return answer{Status: known.Status, Body: known.Body, RequestID: known.RequestID}
}
