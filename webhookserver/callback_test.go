package webhookserver

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/callback"
)

func callbackObjects() []client.Object {
	return []client.Object{
		&v1alpha1.ZMAAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "main"}, Spec: v1alpha1.ZMAAccountSpec{
			Callback: &v1alpha1.Callback{PublicURL: "https://hooks.example.com", ActiveKey: "k1", SecretRef: v1alpha1.LocalReference{Name: "callback-keys"}}}},
		&v1alpha1.ZMAAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "quiet"}},
		&v1alpha1.ZMAAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "keyless"}, Spec: v1alpha1.ZMAAccountSpec{
			Callback: &v1alpha1.Callback{SecretRef: v1alpha1.LocalReference{Name: "absent"}}}},
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "callback-keys"}, Data: map[string][]byte{
			"k0": []byte(strings.Repeat("o", 32)), "k1": []byte(callbackKey), "weak": []byte("weak")}},
	}
}

// callbackURL is the URL that a submission hands out, as the provider calls it.
func callbackURL(t *testing.T, keyID, key, event string, change func(*callback.Claims)) (path string, auth func(*http.Request)) {
	t.Helper()
	c := callback.Claims{Namespace: "shop", Account: "main", Order: "zo-1", Attempt: 1, Expires: begin.Add(time.Hour)}
	if change != nil {
		change(&c)
	}
	urls, err := callback.URLs("https://hooks.example.com", keyID, []byte(key), c)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(urls[event])
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	return u.Path, func(r *http.Request) { r.SetBasicAuth(u.User.Username(), password) }
}

func TestAVerifiedCallbackIsAHintAndAlways200(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, callbackObjects()...)
	bodies := []string{`{"planted":1}`, `{"planted":1}`, "", "no json", strings.Repeat("x", maxCallbackBytes+10)}
	for i, body := range bodies { // the order does not even exist
		path, auth := callbackURL(t, "k1", callbackKey, callback.Events()[i], nil)
		if r := h.send(auth, path, body); r.status != 200 || strings.TrimSpace(r.body) != "{}" {
			t.Errorf("body %d: %d %s, want exactly 200 {}", i, r.status, r.body)
		}
	}
	want := callback.Hint{Namespace: "shop", Order: "zo-1"}
	if diff := cmp.Diff([]callback.Hint{want, want, want, want, want}, h.hints); diff != "" {
		t.Error(diff)
	}
	rows := h.records(len(bodies))
	if d := rows[0]; d.Hint != want || d.Namespace != "shop" || d.OrderName != "zo-1" || d.Route != routeCallback || d.WebhookID != rows[1].WebhookID || d.WebhookID == rows[2].WebhookID {
		t.Errorf("row %+v", d)
	}
	if strings.Contains(h.logged(), "planted") {
		t.Error("a body is in the log")
	}
}

func TestRotatedKeysStillVerify(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, callbackObjects()...)
	path, auth := callbackURL(t, "k0", strings.Repeat("o", 32), "case_updated", nil)
	if r := h.send(auth, path, "{}"); r.status != 200 {
		t.Errorf("%d %s", r.status, r.body)
	}
}

func TestCallbacksWithoutAValidTokenAreRefusedAlike(t *testing.T) {
	goodPath, good := callbackURL(t, "k1", callbackKey, "request_failed", nil)
	_, otherOrder := callbackURL(t, "k1", callbackKey, "request_failed", func(c *callback.Claims) { c.Order = "zo-2" })
	_, expired := callbackURL(t, "k1", callbackKey, "request_failed", func(c *callback.Claims) { c.Expires = begin })
	_, wrongKey := callbackURL(t, "k1", strings.Repeat("x", 32), "request_failed", nil)
	_, goneKey := callbackURL(t, "k9", callbackKey, "request_failed", nil)
	quietPath, quiet := callbackURL(t, "k1", callbackKey, "request_failed", func(c *callback.Claims) { c.Account = "quiet" })
	keylessPath, keyless := callbackURL(t, "k1", callbackKey, "request_failed", func(c *callback.Claims) { c.Account = "keyless" })
	nonePath, none := callbackURL(t, "k1", callbackKey, "request_failed", func(c *callback.Claims) { c.Account = "none" })
	cases := map[string]struct {
		path    string
		auth    func(*http.Request)
		outcome string
	}{
		"no credentials":             {goodPath, nil, hintInvalid},
		"another scheme":             {goodPath, header("Authorization", "Bearer x"), hintInvalid},
		"another event":              {goodPath, reuser(good, "request_succeeded.1"), hintInvalid},
		"another attempt":            {goodPath, reuser(good, "request_failed.2"), hintInvalid},
		"a user name that is no use": {goodPath, reuser(good, "x"), hintInvalid},
		"the token of another order": {goodPath, otherOrder, hintInvalid},
		"the path of another order":  {strings.Replace(goodPath, "zo-1", "zo-2", 1), good, hintInvalid},
		"an expired token":           {goodPath, expired, hintExpired},
		"another key":                {goodPath, wrongKey, hintInvalid},
		"a key that is gone":         {goodPath, goneKey, hintInvalid},
		"an account without":         {quietPath, quiet, hintInvalid},
		"an account whose keys went": {keylessPath, keyless, hintInvalid},
		"no such account":            {nonePath, none, hintInvalid},
	}
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			h := newHarness(t, interceptor.Funcs{}, callbackObjects()...)
			r := h.send(tc.auth, tc.path, "{}")
			wantProblem(t, r, 401, "unauthenticated")
			if row := h.records(1)[0]; len(h.hints) != 0 || row.Hint != (callback.Hint{}) || row.OrderName != "" || row.Namespace != "" {
				t.Errorf("a refused callback left hints %v and %+v", h.hints, row)
			}
			if got := testutil.ToFloat64(h.metrics.CallbackHints.WithLabelValues(tc.outcome)); got != 1 {
				t.Errorf("%s counted: %v", tc.outcome, got)
			}
		})
	}
}

func reuser(auth func(*http.Request), user string) func(*http.Request) {
	return func(r *http.Request) {
		auth(r)
		_, password, _ := r.BasicAuth()
		r.SetBasicAuth(user, password)
	}
}

func TestKeysThatCantBeReadAreNoWrongToken(t *testing.T) {
	down := interceptor.Funcs{Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
		if _, ok := obj.(*corev1.Secret); ok {
			return errors.New("connection refused")
		}
		return c.Get(ctx, key, obj, opts...)
	}}
	h := newHarness(t, down, callbackObjects()...)
	path, auth := callbackURL(t, "k1", callbackKey, "case_updated", nil)
	wantProblem(t, h.send(auth, path, "{}"), 503, "unavailable")
}

func TestGuessingTokensIsLimited(t *testing.T) {
	h := newHarness(t, interceptor.Funcs{}, callbackObjects()...)
	path, auth := callbackURL(t, "k1", callbackKey, "case_updated", nil)
	for range badTokenRate().Burst {
		if r := h.send(nil, path, "{}"); r.status != 401 {
			t.Fatalf("%d %s", r.status, r.body)
		}
	}
	wantProblem(t, h.send(auth, path, "{}"), 429, "rate-limited")
	h.advance(time.Second)
	if r := h.send(auth, path, "{}"); r.status != 200 {
		t.Errorf("a good token a second later: %d %s", r.status, r.body)
	}
}
