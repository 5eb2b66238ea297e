package webhookserver

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

func TestASlowBodyIsEndedAndItsConnectionToo(t *testing.T) {
	h := prepared(t, nil, nil)
	h.server.pace = pace{first: 100 * time.Millisecond, whole: time.Second, step: 32 << 10}
	h.listen(t)
	body := nativeBody("A-1")
	got := answers(t, h, head(t, begin, body, fmt.Sprintf("Content-Length: %d", len(body)))+body[:10])
	if len(got) != 1 {
		t.Fatalf("%d answers", len(got))
	}
	wantProblem(t, got[0], http.StatusRequestTimeout, "body-timeout")
	if row := h.records(1)[0]; row.BodyBytes != 10 || row.Category != categoryClient {
		t.Errorf("row %+v", row)
	}
}

// deadlines remembers those that a body was given.
type deadlines struct {
	http.ResponseWriter
	read []time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error {
	d.read = append(d.read, t)
	return nil
}

func TestTheDeadlineOfABodyMovesAsBytesArrive(t *testing.T) {
	h := prepared(t, nil, nil)
	w := &deadlines{ResponseWriter: httptest.NewRecorder()}
	body := strings.Repeat("a", 300<<10)
	x := &exchange{w: w, r: httptest.NewRequest(http.MethodPost, "/", io.MultiReader(strings.NewReader(body[:1000]), strings.NewReader(body[1000:])))}
	began := time.Now()
	if got, err := h.server.readBody(x, 1<<20); err != nil || string(got) != body {
		t.Fatalf("%d bytes, error %v", len(got), err)
	}
	last := len(w.read) - 1
	if first := w.read[0].Sub(began); first < 5*time.Second || first > 5*time.Second+patience || !w.read[last].IsZero() {
		t.Fatalf("the first deadline is in %s, the last is %s", first, w.read[last])
	}
	var got []time.Duration
	for _, d := range w.read[1:last] {
		got = append(got, d.Sub(w.read[0]))
	}
	for i, d := range got {
		if d > readTimeout-5*time.Second || d < 0 || i > 0 && d < got[i-1] {
			t.Errorf("deadlines move by %v", got)
		}
	}
	if len(got) == 0 || got[len(got)-1] != readTimeout-5*time.Second {
		t.Errorf("deadlines move by %v, to %s at the end", got, readTimeout)
	}
}

func TestABodyThatKeepsThePaceIsTaken(t *testing.T) {
	h := prepared(t, nil, nil)
	h.server.pace = pace{first: 100 * time.Millisecond, whole: patience, step: 1} // each byte buys a second
	h.listen(t)
	body := nativeBody("A-1")
	conn := dial(t, h, "")
	_, _ = io.WriteString(conn, head(t, begin, body, fmt.Sprintf("Content-Length: %d", len(body)))+body[:10])
	time.Sleep(300 * time.Millisecond)
	r := firstAnswer(t, conn, body[10:])
	if r == nil || r.status != http.StatusAccepted {
		t.Fatalf("answer %+v", r)
	}
	// The deadline of the body is not that of the next request.
	if r := firstAnswer(t, conn, message(t, begin, body)); r == nil || r.status != http.StatusOK {
		t.Errorf("next answer %+v", r)
	}
}

func TestBodiesOfOneClientDoNotKeepOutOthers(t *testing.T) {
	h, _ := listening(t, nil, func(o *Options) { o.MaxInFlight = 1 })
	body := nativeBody("A-1")
	var slow []io.Closer
	for range maxBodiesPerClient {
		conn := dial(t, h, "127.0.0.2")
		_, _ = io.WriteString(conn, head(t, begin, body, "Content-Length: 1000")+"{")
		slow = append(slow, conn)
	}
	eventually(t, func() bool { return h.server.bodies.arriving("127.0.0.2") == maxBodiesPerClient })
	r := firstAnswer(t, dial(t, h, "127.0.0.2"), message(t, begin, body))
	if r == nil {
		t.Fatal("no answer")
	}
	wantProblem(t, *r, http.StatusServiceUnavailable, "overloaded")
	if r := firstAnswer(t, dial(t, h, "127.0.0.3"), message(t, begin, body)); r == nil || r.status != http.StatusAccepted {
		t.Errorf("another client got %+v", r)
	}
	for _, c := range slow {
		_ = c.Close()
	}
	eventually(t, func() bool { return h.server.bodies.arriving("127.0.0.2") == 0 })
	if r := firstAnswer(t, dial(t, h, "127.0.0.2"), message(t, begin, body)); r == nil || r.status != http.StatusOK {
		t.Errorf("later the client got %+v", r)
	}
}

func TestBodiesTakeMemoryAsTheyArrive(t *testing.T) {
	h, _ := listening(t, func(s *v1alpha1.WebhookSource) { s.Spec.MaxBodyBytes = 1 << 20 }, func(o *Options) { o.BodyBudget = 4 << 20 })
	claims := head(t, begin, "", "Content-Length: 1000000")
	announced := dial(t, h, "127.0.0.2")
	_, _ = io.WriteString(announced, claims)
	eventually(t, func() bool { return h.server.bodies.total() > 0 })
	if got := h.server.bodies.total(); got != firstRead {
		t.Errorf("a body that is only announced has %d bytes", got)
	}
	_ = announced.Close()
	eventually(t, func() bool { return h.server.bodies.total() == 0 })
	// Four clients want a quarter each; the last quarter is not for large bodies.
	var refused *reply
	for i := range 4 {
		conn := dial(t, h, fmt.Sprintf("127.0.0.%d", 3+i))
		_, _ = io.WriteString(conn, claims+strings.Repeat(" ", 900_000))
		if i == 3 {
			refused = firstAnswer(t, conn, "")
		} else {
			eventually(t, func() bool { return h.server.bodies.total() >= int64(i+1)<<20 })
		}
	}
	if refused == nil {
		t.Fatal("no answer")
	}
	wantProblem(t, *refused, http.StatusServiceUnavailable, "overloaded")
	if r := firstAnswer(t, dial(t, h, ""), message(t, begin, nativeBody("A-1"))); r == nil || r.status != http.StatusAccepted {
		t.Errorf("an honest sender got %+v", r)
	}
}

func TestAnAnsweredRequestGivesItsMemoryBack(t *testing.T) {
	h, _ := listening(t, generous, nil)
	for i := range 20 {
		if r := h.deliver(webPath, nativeBody(fmt.Sprint("A-", i))); r.status != http.StatusAccepted {
			t.Fatalf("%d %s", r.status, r.body)
		}
		wantProblem(t, h.send(nil, webPath, strings.Repeat(" ", 300<<10)), http.StatusRequestEntityTooLarge, "body-too-large")
		wantProblem(t, h.send(func(r *http.Request) { r.ContentLength = -1 }, webPath, strings.Repeat(" ", 300<<10)), http.StatusRequestEntityTooLarge, "body-too-large")
	}
	eventually(t, func() bool { return h.server.bodies.total() == 0 && h.server.bodies.arriving("127.0.0.1") == 0 })
}

// TestARefusalDoesNotWaitForTheBody sends a header section alone.
func TestARefusalDoesNotWaitForTheBody(t *testing.T) {
	h, _ := listening(t, nil, nil)
	got := answers(t, h, strings.Replace(head(t, begin, "", "Content-Length: 1000"), webPath, "/webhooks/shop/none", 1))
	if len(got) != 1 {
		t.Fatalf("%d answers", len(got))
	}
	wantProblem(t, got[0], http.StatusNotFound, "not-found")
}

// TestTheRestOfARefusedBodyIsNotWaitedForLong looks at the deadline that stands
// once the handler is done, for net/http reads on before it answers.
func TestTheRestOfARefusedBodyIsNotWaitedForLong(t *testing.T) {
	h := prepared(t, nil, nil)
	for target, want := range map[string]int{"/webhooks/shop/none": 1, "/healthz": 0} {
		w := &deadlines{ResponseWriter: httptest.NewRecorder()}
		r := httptest.NewRequest(http.MethodPost, target, strings.NewReader("{}"))
		if want == 0 {
			r = httptest.NewRequest(http.MethodGet, target, nil)
		}
		began := time.Now()
		h.server.Handler().ServeHTTP(w, r)
		if len(w.read) != want || want == 1 && w.read[0].After(time.Now().Add(restTimeout)) || want == 1 && w.read[0].Before(began) {
			t.Errorf("%s: deadlines %v", target, w.read)
		}
	}
}

func (b *bodyBudget) total() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used
}

func (b *bodyBudget) arriving(client string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c := b.clients[client]; c != nil {
		return c.arriving
	}
	return 0
}
