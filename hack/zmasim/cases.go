package zmasim

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// orderCase is the conversation with the provider about one order.
type orderCase struct {
	State    *string       `json:"state"` // null, open or closed
	Messages []caseMessage `json:"messages"`
}

type caseMessage struct {
	Type      string `json:"type"`
	Message   string `json:"message"`
	Timestamp string `json:"timestamp"`
}

func caseReasons() []string {
	return []string{"return.request_label", "nondelivery.not_delivered", "nondelivery.damaged", "nondelivery.empty_box",
		"tracking.request_update", "cancel.forced_cancellation", "other"}
}

func (k *orderCase) open(at time.Time, reason, message string) {
	state := "open"
	k.State = &state
	k.add(at, "case.opened."+reason, message)
}

func (k *orderCase) add(at time.Time, kind, message string) {
	k.Messages = append(k.Messages, caseMessage{Type: kind, Message: message, Timestamp: stamp(at)})
}

func (k orderCase) render() answer {
	return jsonAnswer(http.StatusOK, map[string]any{"state": k.State, "messages": orEmpty(k.Messages)})
}

func (s *Server) getCase(c call) (a answer) {
	s.update(func() {
		o, ok := s.orders[c.id()]
		if !ok {
			a = s.unknownID()
			return
		}
		a = o.Case.render()
	})
	return a
}

// postCase opens a case with reason and message, and appends with a message alone.
func (s *Server) postCase(c call) answer {
	return s.keyed(c, func() answer {
		o, ok := s.orders[c.id()]
		if !ok {
			return s.unknownID()
		}
		var req struct{ Reason, Message string }
		if json.Unmarshal(c.Body, &req) != nil {
			return errorAnswer(s.opts.Switches.ValidationStatus, "invalid_json", "The body is not a JSON object.", nil)
		}
		switch {
		case req.Reason != "" && !slices.Contains(caseReasons(), req.Reason):
			return s.invalid("reason", "is not known")
		case req.Reason == "" && o.Case.State == nil:
			return s.invalid("reason", "is required to open a case")
		case req.Reason != "":
			o.Case.open(s.opts.Now(), req.Reason, req.Message)
		default:
			o.Case.add(s.opts.Now(), "case.freetext", req.Message)
		}
		s.noteOrder(o)
		s.fire(o, "case_updated")
		return o.Case.render()
	})
}
