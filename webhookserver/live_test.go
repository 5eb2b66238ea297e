package webhookserver

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// patience is how long a test waits for what must come at once.
const patience = 20 * time.Second

// listening starts a server on a port of its own, with a source named web. The
// returned function drains it.
func listening(t *testing.T, source func(*v1alpha1.WebhookSource), change func(*Options)) (*harness, func() error) {
	t.Helper()
	h := prepared(t, source, change)
	return h, h.listen(t)
}

func prepared(t *testing.T, source func(*v1alpha1.WebhookSource), change func(*Options)) *harness {
	t.Helper()
	c := fake.NewClientBuilder().WithScheme(testScheme(t)).WithObjects(webhookSource("web", source), keySecret()).Build()
	return newHarnessOn(t, c, func(o *Options) {
		o.Addr = "127.0.0.1:0"
		if change != nil {
			change(o)
		}
	})
}

func (h *harness) listen(t *testing.T) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.server.Start(ctx) }()
	eventually(t, func() bool { return h.server.started.Load() || len(ended) > 0 })
	h.http.URL = "http://" + h.server.Addr()
	stopped := false
	stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		select {
		case err := <-ended:
			return err
		case <-time.After(patience):
			return errors.New("the server did not end")
		}
	}
	t.Cleanup(func() { _ = stop() })
	return stop
}

// dial connects, from a local address when one is given.
func dial(t *testing.T, h *harness, from string) net.Conn {
	t.Helper()
	d := net.Dialer{Timeout: patience}
	if from != "" {
		d.LocalAddr = &net.TCPAddr{IP: net.ParseIP(from)}
	}
	conn, err := d.Dial("tcp", h.server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// answers sends bytes as they are and returns the answers until the server
// closes the connection.
func answers(t *testing.T, h *harness, raw string) []reply {
	t.Helper()
	conn := dial(t, h, "")
	if _, err := io.WriteString(conn, raw); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	var got []reply
	for in := bufio.NewReader(conn); ; {
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			var late net.Error
			if errors.As(err, &late) && late.Timeout() {
				t.Fatal("the connection is still open")
			}
			return got
		}
		got = append(got, readReply(t, resp))
	}
}

// firstAnswer sends bytes and returns the first answer; nil if the connection
// ends without one.
func firstAnswer(t *testing.T, conn net.Conn, raw string) *reply {
	t.Helper()
	_, _ = io.WriteString(conn, raw) // it may be closed already
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil
	}
	r := readReply(t, resp)
	return &r
}

// message is a whole request of HTTP/1.1, with a valid signature.
func message(t *testing.T, at time.Time, body string, extra ...string) string {
	t.Helper()
	return head(t, at, body, append(extra, "Content-Length: "+strconv.Itoa(len(body)))...) + body
}

// head is a request's header section, signed for body.
func head(t *testing.T, at time.Time, body string, extra ...string) string {
	t.Helper()
	wh, err := standardwebhooks.NewWebhook(signingSecret)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := wh.Sign("msg_1", at, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	lines := append([]string{"POST " + webPath + " HTTP/1.1", "Host: endpoint", "Content-Type: application/json",
		"webhook-id: msg_1", fmt.Sprintf("webhook-timestamp: %d", at.Unix()), "webhook-signature: " + signature}, extra...)
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}

func readReply(t *testing.T, resp *http.Response) reply {
	t.Helper()
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	r := reply{status: resp.StatusCode, header: resp.Header, body: string(raw)}
	_ = json.Unmarshal(raw, &r.json)
	return r
}

// generous is a rate that no test reaches: its clock stands still.
func generous(s *v1alpha1.WebhookSource) {
	s.Spec.RateLimit = v1alpha1.RateLimit{PerMinute: 600000, Burst: 100000, PerClientPerMinute: 600000}
}
