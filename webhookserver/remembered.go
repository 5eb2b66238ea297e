package webhookserver

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/zma-operator/zma-operator/webhookserver/internal/mapping"
)

// perReplay is what an answer takes beside its texts, its places in map and list
// included; perProblem what a refusal takes more, perField one of its fields.
const (
	perReplay  = 256
	perProblem = 160
	perField   = 64
)

// remembered is what it takes to give a final answer again.
type remembered struct {
	key   string
	until time.Time
	// generation of the source that gave it. Another may want what this one refused.
	generation int64

	order   string          // of both kinds, for the log
	body    json.RawMessage // of a success; nil for a problem
	outcome string
	problem *problem
}

// remember takes down an answer; nil for one that may be another the next time.
func remember(x *exchange, a *answer, err error) *remembered {
	if err != nil {
		p := (*problem)(nil)
		if !errors.As(err, &p) || !final(p.status) {
			return nil
		}
		return &remembered{order: strings.Clone(x.order), problem: bare(p)}
	}
	body, err := json.Marshal(a.body)
	if err != nil {
		return nil // nobody could be given it either
	}
	return &remembered{order: strings.Clone(a.order), outcome: a.outcome, body: body}
}

// final tells whether a refusal is about the request itself, and not about now.
func final(status int) bool {
	return status/100 == 4 && status != http.StatusTooManyRequests && status != http.StatusRequestTimeout
}

// bare is a problem as the sender sees it. Its texts are copied, since they may be
// parts of a body, and all of that would stay in memory.
func bare(p *problem) *problem {
	out := *p
	out.event, out.cause, out.fields = "", nil, nil
	for _, f := range p.fields {
		out.fields = append(out.fields, mapping.FieldError{Field: strings.Clone(f.Field), Detail: strings.Clone(f.Detail)})
	}
	return &out
}

// again answers a delivery that was answered before.
func (m *remembered) again(x *exchange) (*answer, error) {
	x.event, x.order = eventReplay, m.order
	if m.problem != nil {
		return nil, m.problem
	}
	outcome := m.outcome
	if m.order != "" {
		outcome = "repeated"
	}
	return &answer{status: http.StatusOK, outcome: outcome, body: m.body, order: m.order}, nil
}

// took tells whether orders stand behind the answer. Such a one stays true however
// the source changes.
func (m *remembered) took() bool { return m.problem == nil && m.order != "" }

// size is a little more than the memory that it takes.
func (m *remembered) size() int {
	n := len(m.key) + len(m.order) + len(m.body)
	fixed := perReplay
	if m.problem != nil {
		fixed += perProblem
		for _, f := range m.problem.fields {
			fixed += perField
			n += len(f.Field) + len(f.Detail)
		}
	}
	return fixed + n + n/8 // memory is handed out in steps
}

// holds tells whether a delivery would be answered like this now.
func (m *remembered) holds(generation int64, now time.Time) bool {
	return !now.After(m.until) && (m.took() || m.generation == generation)
}
