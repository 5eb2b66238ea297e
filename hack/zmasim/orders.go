package zmasim

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
)

func (s *Server) createOrder(c call) answer {
	return s.keyed(c, func() answer { return s.place(c.Body, c.Head) })
}

// place accepts a body as a new order, or refuses it.
func (s *Server) place(body []byte, h head) answer {
	req, wrong, err := parseOrder(body)
	if errors.Is(err, errNotJSON) {
		return errorAnswer(s.opts.Switches.ValidationStatus, "invalid_json", "The body is not a JSON object.", nil)
	}
	if wrong == nil {
		wrong = req.validate(s.opts.Switches.LenientFields)
	}
	if len(wrong) > 0 {
		return s.invalidAll(wrong)
	}
	if code := scenarioOf(h.ProductID).refused; code != "" {
		return errorAnswer(s.opts.Switches.ValidationStatus, code, "Refused at once.", nil)
	}
	if s.opts.Switches.InsufficientAtPost && req.quote().Total > s.balance {
		return errorAnswer(s.opts.Switches.ValidationStatus, "insufficient_zma_balance", "The balance is too low.", nil)
	}
	return accepted(s.accept(body, h).ID)
}

func accepted(id string) answer {
	a := jsonAnswer(http.StatusOK, map[string]any{"request_id": id})
	a.RequestID = id
	return a
}

func (s *Server) accept(body []byte, h head) *order {
	return s.acceptAs(&order{ID: newID(), Body: body}, h)
}

// acceptAs fills an order that has an ID and a body, and starts it.
func (s *Server) acceptAs(o *order, h head) *order {
	now := s.opts.Now()
	o.Key, o.Identity, o.Attempt, o.ProductID = h.Key, h.Identity, h.Attempt, h.ProductID
	o.CreatedAt, o.Phase = now, phaseProcessing
	o.derive(s.opts.Token)
	wait := s.opts.Processing
	if o.scenario.slow {
		wait *= 10
	}
	if !o.scenario.stuck {
		o.DueAt = now.Add(wait)
	}
	previous := s.previousOf(o)
	s.keep(o)
	s.noteOrder(o)
	s.scheduleSettle(o)
	if previous != nil {
		s.fireForOld(previous)
	}
	return o
}

// keep files an order in memory, when it is new and when it is read back.
func (s *Server) keep(o *order) {
	same := o.Identity + "\x00" + o.ProductID
	o.Ordinal = s.ordinals[same]
	s.ordinals[same]++
	s.orders[o.ID] = o
	s.sequence = append(s.sequence, o)
}

// previousOf finds the latest earlier order of the same identity that has ended.
func (s *Server) previousOf(o *order) *order {
	if o.Identity == "" {
		return nil
	}
	for i := len(s.sequence) - 1; i >= 0; i-- {
		if p := s.sequence[i]; p.Identity == o.Identity && !p.processing() {
			return p
		}
	}
	return nil
}

func (s *Server) getOrder(c call) (a answer) {
	s.update(func() {
		o, ok := s.orders[c.id()]
		if !ok {
			a = s.unknownID()
			return
		}
		a = shown(o)
	})
	return a
}

func shown(o *order) answer {
	a := jsonAnswer(http.StatusOK, o.render())
	a.RequestID = o.ID
	return a
}

// newID returns 32 hexadecimal digits, as the provider's IDs have.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, by its documentation
	return hex.EncodeToString(b[:])
}
