package strangers

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// witness sees what a test leaves behind: which orders exist, and what the process
// told of the requests.
type witness struct {
	t      *testing.T
	target *target
	before map[string]bool
	offset int64 // of the log
	row    int64 // last one of the delivery log

	mu     sync.Mutex
	wanted map[string]bool
}

// watch begins. When the test ends, an honest request is sent and accepted, no
// order exists but those expected, and nothing that was planted has been told.
func watch(t *testing.T, x *target) *witness {
	t.Helper()
	w := &witness{t: t, target: x, wanted: map[string]bool{}}
	var err error
	if w.before, err = x.world.orders(t.Context()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(x.log); err == nil {
		w.offset = info.Size()
	}
	if w.row, err = count(t.Context(), x.world, "select coalesce(max(id), 0) from webhook_deliveries"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.testify)
	return w
}

// expect says that the orders of an answer are meant to be there.
func (w *witness) expect(r reply) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, o := range r.orders {
		w.wanted[o] = true
	}
}

func (w *witness) testify() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := w.endNormally(ctx); err != nil {
		w.t.Error(err)
		return
	}
	w.seeOrders(ctx)
	w.seeWords(ctx)
}

// endNormally sends an honest request, which has to be accepted at once, and waits
// for its row: rows are written in their order, so all others are there too.
func (w *witness) endNormally(ctx context.Context) error {
	last, p := rand.Text(), w.target.world.party("bearer")
	h := jsonHeader(p.sign(p.secret.signing, message{}))
	h.Set("X-Request-Id", last)
	r, err := ask(ctx, w.target.client(), "POST", w.target.base()+w.target.world.path(p.name), h, body(newID()))
	if err != nil || r.status != 202 {
		return fmt.Errorf("an honest request afterwards: %v, %v", r, err)
	}
	w.expect(r)
	for {
		n, err := count(ctx, w.target.world, "select count(*) from webhook_deliveries where request_id = $1", last)
		if err != nil || n > 0 {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// seeOrders compares what exists with what is expected.
func (w *witness) seeOrders(ctx context.Context) {
	now, err := w.target.world.orders(ctx)
	if err != nil {
		w.t.Error(err)
		return
	}
	for name := range now {
		if !w.before[name] && !w.wanted[name] {
			w.t.Errorf("an order was made that nobody expected: %s", w.target.world.describe(ctx, name))
		}
	}
	for name := range w.wanted {
		if !now[name] {
			w.t.Errorf("order %s was promised and does not exist", name)
		}
	}
}

// seeWords looks for what was planted in all that the process has told.
func (w *witness) seeWords(ctx context.Context) {
	told, err := w.told(ctx)
	if err != nil {
		w.t.Error(err)
	}
	for where, text := range told {
		if text == "" {
			w.t.Errorf("there is no %s to look at", where)
		}
		for _, word := range leaks(text) {
			w.t.Errorf("the %s tells %q: %s", where, word, around(text, word))
		}
	}
}

func (w *witness) told(ctx context.Context) (map[string]string, error) {
	log, err := os.ReadFile(w.target.log)
	if err != nil {
		return nil, err
	}
	metrics, err := w.target.Metrics(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := texts(ctx, w.target.world, "select row_to_json(d)::text from webhook_deliveries d where id > $1", w.row)
	return map[string]string{
		"log": string(log[w.offset:]), "metrics page": fmt.Sprint(metrics), "delivery log": strings.Join(rows, "\n"),
	}, err
}

// around is the place of a word in a text.
func around(text, word string) string {
	at := strings.Index(text, word)
	return text[max(0, at-200):min(len(text), at+len(word)+100)]
}

// orders are the names of all orders of the namespace.
func (w *world) orders(ctx context.Context) (map[string]bool, error) {
	var list metav1.PartialObjectMetadataList
	list.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("ZMAOrderList"))
	if err := w.site.Client.List(ctx, &list, client.InNamespace(w.site.Namespace)); err != nil {
		return nil, err
	}
	out := make(map[string]bool, len(list.Items))
	for i := range list.Items {
		out[list.Items[i].Name] = true
	}
	return out, nil
}

func (w *world) order(ctx context.Context, name string) (*v1alpha1.ZMAOrder, error) {
	var o v1alpha1.ZMAOrder
	return &o, w.site.Client.Get(ctx, client.ObjectKey{Namespace: w.site.Namespace, Name: name}, &o)
}

func (w *world) describe(ctx context.Context, name string) string {
	o, err := w.order(ctx, name)
	if err != nil {
		return name + ": " + err.Error()
	}
	return fmt.Sprintf("%s, made of %+v", name, *o.Spec.Source)
}

func texts(ctx context.Context, w *world, sql string, args ...any) ([]string, error) {
	conn, err := pgx.Connect(ctx, w.site.Database)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(ctx) }() // nothing is left to do on it
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func count(ctx context.Context, w *world, sql string, args ...any) (n int64, err error) {
	conn, err := pgx.Connect(ctx, w.site.Database)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close(ctx) }() // nothing is left to do on it
	err = conn.QueryRow(ctx, sql, args...).Scan(&n)
	return n, err
}

// events are the security events of a source that the process has counted.
func (x *target) events(t *testing.T, event, source string) float64 {
	t.Helper()
	m, err := x.Metrics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n, _ := m.Sum("zma_webhook_security_events_total", map[string]string{"event": event, "source": x.world.site.Namespace + "/" + source})
	return n
}

// one tells whether a value is one of several.
func one[T comparable](value T, of ...T) bool { return slices.Contains(of, value) }
