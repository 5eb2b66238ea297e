package strangers

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestNoSignatureSpeaksForAnotherMessage sends messages with what belongs to
// others: the signature of another body, ID or time, or one made with the secret
// of another source.
func TestNoSignatureSpeaksForAnotherMessage(t *testing.T) {
	x := theWorld(t).main
	for _, p := range x.world.parties {
		t.Run(p.name, func(t *testing.T) {
			watch(t, x)
			path := x.world.path(p.name)
			for reason, made := range p.borrowed() {
				refused(t, reason, x.post(t, path, made.header, made.body))
			}
			// The other source takes it, so it was only the wrong one.
			stranger := p.sign(p.other.signing, message{id: "msg-1", at: time.Now(), body: []byte("{}")})
			if r := x.post(t, x.world.path("other-"+p.name), stranger, []byte("{}")); r.status != http.StatusBadRequest {
				t.Errorf("the other source: %v", r)
			}
		})
	}
}

// made is a request that was put together.
type made struct {
	header http.Header
	body   []byte
}

func (p *party) borrowed() map[string]made {
	m := newMessage(time.Now())
	n := newMessage(m.at.Add(-time.Second))
	mine, theirs := p.sign(p.secret.signing, m), p.sign(p.secret.signing, n)
	out := map[string]made{"of another source": {p.sign(p.other.signing, m), m.body}}
	for name := range mine {
		empty, absent := mine.Clone(), mine.Clone()
		empty[name] = []string{""}
		delete(absent, name)
		out[name+" is empty"], out[name+" is absent"] = made{empty, m.body}, made{absent, m.body}
	}
	if p.name == "bearer" {
		return out // a token is the same for every message
	}
	out["of another body"] = made{theirs, m.body}
	out["of the body without its last byte"] = made{mine, m.body[:len(m.body)-1]}
	out["of the body and a line break"] = made{mine, append(m.body[:len(m.body):len(m.body)], '\n')}
	out["of no body"] = made{p.sign(p.secret.signing, message{m.id, m.at, nil}), m.body}
	for name := range mine {
		if mine.Get(name) != theirs.Get(name) && len(mine) > 1 {
			mixed := maps.Clone(mine)
			mixed[name] = theirs[name]
			out[name+" of another message"] = made{mixed, m.body}
		}
	}
	if p.name == "stripe" {
		_, text := p.parts(mine)
		before, _ := p.parts(theirs)
		out["the time of another message"] = made{http.Header{p.header: {before + text}}, m.body}
	}
	return out
}

// TestAHeaderGivenTwiceIsRefused sends each header of a right request twice: what
// stands before the endpoint may have read the other one.
func TestAHeaderGivenTwiceIsRefused(t *testing.T) {
	x := theWorld(t).main
	for _, p := range x.world.parties {
		t.Run(p.name, func(t *testing.T) {
			watch(t, x)
			m := p.message(func(string) bool { return true })
			right := p.sign(p.secret.signing, *m)
			wrong := p.sign(p.other.signing, message{m.id + "x", m.at.Add(time.Second), []byte("{}")})
			for name := range right {
				for reason, values := range map[string][]string{
					"twice the same":  {right.Get(name), right.Get(name)},
					"the wrong first": {wrong.Get(name), right.Get(name)},
					"the wrong last":  {right.Get(name), wrong.Get(name)},
					"an empty first":  {"", right.Get(name)},
					"an empty last":   {right.Get(name), ""},
				} {
					h := right.Clone()
					h[name] = values
					refused(t, name+", "+reason, x.post(t, x.world.path(p.name), h, m.body))
				}
				if name == "Webhook-Signature" {
					continue // it is a list anyway
				}
				// As a proxy merges them.
				h := right.Clone()
				h.Set(name, strings.Join([]string{right.Get(name), right.Get(name)}, ", "))
				refused(t, name+", merged", x.post(t, x.world.path(p.name), h, m.body))
			}
		})
	}
}
