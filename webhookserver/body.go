package webhookserver

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"
)

// firstRead is the buffer of a body that has just begun.
const firstRead = 2 << 10

// pace is how fast a body must arrive.
type pace struct {
	first time.Duration // for the beginning
	whole time.Duration // for all of it
	step  int           // bytes that buy another second
}

// bodyPace lets a sender on a bad line through, and keeps a stranger who sends a
// byte now and then for a few seconds only.
func bodyPace() pace { return pace{first: 5 * time.Second, whole: readTimeout, step: 32 << 10} }

// checkHeaders refuses by the headers alone what the body would be refused for.
// A content encoding is refused: what is signed is what was sent, and a small
// body may unpack to a large one.
func checkHeaders(r *http.Request, limit int64) error {
	if encoding := whole(r, "Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return unsupportedMedia("Send the body without a content encoding.")
	}
	media, params, err := mime.ParseMediaType(whole(r, "Content-Type"))
	if err != nil || media != "application/json" {
		return unsupportedMedia("Send application/json.")
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return unsupportedMedia("Send UTF-8.")
	}
	if r.ContentLength > limit {
		return bodyTooLarge(limit)
	}
	return nil
}

// whole is a header with all its lines: what reads the request after us may take
// another line than the first.
func whole(r *http.Request, name string) string { return strings.Join(r.Header.Values(name), ", ") }

// errBudget means that bodies hold all the memory that they may.
var errBudget = errors.New("body budget used up")

// readBody reads the body within its limits in size, time and memory. While it
// arrives, the request holds no slot, and its connection may be closed for
// another one.
func (s *Server) readBody(x *exchange, limit int64) ([]byte, error) {
	t := transferOf(x.r)
	t.body = s.bodies.begin(clientKey(x.client))
	if t.body == nil {
		return nil, overloaded()
	}
	t.connection.wait()
	body, err := s.receive(x, t.body, limit)
	t.connection.work()
	t.body.arrived()
	x.bodyBytes = int64(len(body))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, bodyTooLarge(limit)
	case errors.Is(err, errBudget):
		return nil, overloaded()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, bodyTimeout()
	case err != nil:
		return nil, bodyUnreadable()
	}
	t.complete = true
	return body, nil
}

// receive takes memory as it is filled, and moves the deadline as bytes arrive.
// Deadlines are best effort: where they can't be set, the server's own stay.
func (s *Server) receive(x *exchange, g *grant, limit int64) ([]byte, error) {
	if !g.grow(firstRead) {
		return nil, errBudget
	}
	control := http.NewResponseController(x.w)
	source := http.MaxBytesReader(x.w, x.r.Body, limit)
	body, began, steps := make([]byte, 0, firstRead), fromNow(0), -1
	for {
		if n := len(body) / s.pace.step; n > steps {
			steps = n
			_ = control.SetReadDeadline(began.Add(min(s.pace.first+time.Duration(n)*time.Second, s.pace.whole)))
		}
		n, err := source.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if errors.Is(err, io.EOF) {
			// What comes now is ours to do: neither the sender's time nor the answer's
			// has begun.
			_ = control.SetReadDeadline(time.Time{})
			_ = control.SetWriteDeadline(fromNow(writeTimeout))
			return body, nil
		}
		if err != nil {
			return body, err
		}
		if body, err = g.enlarge(body, limit); err != nil {
			return body, err
		}
	}
}

// enlarge makes room in a buffer that is full: as much again, and no more than
// it takes to find that the body is longer than limit.
func (g *grant) enlarge(body []byte, limit int64) ([]byte, error) {
	if len(body) < cap(body) {
		return body, nil
	}
	more := max(1, min(int64(cap(body)), limit+1-int64(cap(body))))
	if !g.grow(more) {
		return body, errBudget
	}
	return append(make([]byte, 0, int64(cap(body))+more), body...), nil
}

// bodyTimeout ends the connection too, since the rest of the body is unread.
func bodyTimeout() *problem {
	return &problem{status: http.StatusRequestTimeout, slug: "body-timeout", category: categoryClient,
		title: "Body too slow", detail: "The body did not arrive in time."}
}
