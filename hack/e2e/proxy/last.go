package proxy

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"sync"
)

// lastWrites remembers the last body that was taken for each object, so that a
// write can be named by what is new in it.
type lastWrites struct {
	trap     *Trap
	classify Classifier

	mu    sync.Mutex
	taken map[string][]byte
}

// see reads the body of a request that may change something, puts it back, and
// names its effect.
func (l *lastWrites) see(r *http.Request) (seen, error) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead || r.Body == nil {
		return seen{}, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return seen{}, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	s := seen{body: body, key: r.URL.Path + " " + uid(body)}
	l.mu.Lock()
	defer l.mu.Unlock()
	s.effect = l.classify(Write{Method: r.Method, Path: r.URL.Path, Body: body, Last: l.taken[s.key]})
	if s.effect == unnamed {
		l.trap.noteUnnamed(r.Method + " " + r.URL.Path)
		s.effect = ""
	}
	return s, nil
}

func (l *lastWrites) take(s seen) {
	if s.body == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken[s.key] = s.body
}

// uid tells two lives of one name apart.
func uid(body []byte) string {
	var o struct {
		Metadata struct {
			UID string `json:"uid"`
		} `json:"metadata"`
	}
	_ = json.Unmarshal(body, &o) // other bodies have none
	return o.Metadata.UID
}
