package zma

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
)

// maxMessages bounds the messages of a case; the latest say how it stands.
const maxMessages = 200

// Case reads the case of an order.
func (c *v1) Case(ctx context.Context, requestID string) (Case, error) {
	out, a, err := c.caseCall(ctx, callCase, http.MethodGet, requestID, nil)
	if err == nil && out == nil {
		return Case{}, unreadable(callCase, a, errors.New("an answer without the state of a case"))
	}
	if err != nil {
		return Case{}, err
	}
	return *out, nil
}

// OpenCase opens a case, or adds to it. What the call answers is not documented,
// so a case that it does not show is read.
func (c *v1) OpenCase(ctx context.Context, requestID, reason, message string) (Case, error) {
	body := map[string]string{"message": message}
	if reason != "" {
		body["reason"] = reason
	}
	if reason != "" && !dotted(reason) || reason == "" && message == "" {
		return Case{}, unsent(callOpenCase, errors.New("neither a reason nor a message"))
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return Case{}, unsent(callOpenCase, err)
	}
	out, _, err := c.caseCall(ctx, callOpenCase, http.MethodPost, requestID, raw)
	if err == nil && out == nil {
		return c.Case(ctx, requestID)
	}
	if err != nil {
		return Case{}, err
	}
	return *out, nil
}

// caseCall gives nil for an answer that is a success and shows no case.
func (c *v1) caseCall(ctx context.Context, call, method, requestID string, body []byte) (*Case, *answer, error) {
	if !plainWord(requestID) {
		return nil, nil, notAnID(call)
	}
	a, failed := c.do(ctx, call, method, "/orders/"+requestID+"/case", body)
	if failed != nil {
		return nil, nil, unanswered(call, failed)
	}
	var b struct {
		Type     string          `json:"_type"`
		State    json.RawMessage `json:"state"`
		Messages json.RawMessage `json:"messages"`
	}
	err := decode(a.body, &b)
	if err != nil || a.status/100 != 2 || b.Type == "error" {
		return nil, nil, c.callError(call, a, answerCode(a.body), err)
	}
	state := strings.ToLower(word(b.State))
	if len(b.State) == 0 || string(b.State) != "null" && !plainWord(state) {
		return nil, a, nil
	}
	return &Case{State: state, Messages: messageTypes(b.Messages)}, a, nil
}

// messageTypes reads the types alone: the texts may name people.
func messageTypes(raw json.RawMessage) []string {
	var out []string
	for _, raw := range elements(raw) {
		var m struct {
			Type string `json:"type"`
		}
		_ = decode(raw, &m) // what can't be read stays empty, and is left out below
		if dotted(m.Type) {
			out = append(out, m.Type)
		}
	}
	return out[max(0, len(out)-maxMessages):]
}

// dotted tells whether a word is plain but for dots, as the types of messages
// are.
func dotted(s string) bool { return len(s) <= maxWord && plainWord(strings.ReplaceAll(s, ".", "")) }
