package e2e

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/zmasim"
	"github.com/zma-operator/zma-operator/internal/callback"
)

// A body in which the provider would say that everything went wrong.
const lie = `{"_type":"error","code":"product_unavailable","message":"told by a callback","data":{}}`

// strangersAreRefused sends callbacks with everything but the right token, and
// then a right one whose body lies.
func strangersAreRefused(s *scene) {
	name, other := s.buy("n15", zmasim.ProductStuck), s.buy("n15-other", zmasim.ProductStuck)
	before := s.waitForReason(name, v1alpha1.ReasonProcessing)
	s.waitForReason(other, v1alpha1.ReasonProcessing)
	urls, others := s.callbackURLs(s.identity("n15"), 1), s.callbackURLs(s.identity("n15-other"), 1)
	readings := s.readingsOf(before.Status.Submission.RequestID)
	s.refuseForged(urls, others, name)

	after, err := s.order(name)
	s.must(err)
	if after.ResourceVersion != before.ResourceVersion {
		s.t.Errorf("a callback of a stranger changed the order: %s", conditions(after))
	}
	requestID := before.Status.Submission.RequestID
	if n := s.readingsOf(requestID); n != readings {
		s.t.Errorf("callbacks of strangers made the operator read the order %d times", n-readings)
	}
	// Right tokens, the provider's and one made as the wrong ones were: it is the token
	// that the others lack. The body is not believed for it.
	target, user, token := takeApart(urls["request_failed"])
	for _, right := range []string{token, s.mint(name, time.Now().Add(time.Hour), s.callbackKey())} {
		n := s.readingsOf(requestID)
		if status := s.callBack(http.DefaultClient, target, user, right, lie); status != http.StatusOK {
			s.t.Errorf("a genuine callback is answered %d", status)
		}
		if !eventually(func() bool { return s.readingsOf(requestID) > n }) {
			s.t.Fatal("a genuine callback does not make the operator read the order")
		}
	}
	s.handled(name, "now") // it is looked at, and written, once more
	o := s.waitForReason(name, v1alpha1.ReasonProcessing)
	if diff := cmp.Diff(before.Status.History, o.Status.History); diff != "" {
		s.t.Errorf("the body of a callback moved the order (-before +after):\n%s", diff)
	}
	s.tokensAreNowhere(name, urls)
}

// refuseForged sends a callback in every wrong way.
func (s *scene) refuseForged(urls, others map[string]string, name string) {
	s.t.Helper()
	target, user, token := takeApart(urls["request_failed"])
	_, _, ofOther := takeApart(others["request_failed"])
	_, _, ofEvent := takeApart(urls["tracking_updated"])
	for reason, c := range map[string]struct{ target, user, token string }{
		"no token":                 {target, "", ""},
		"a made-up token":          {target, user, "bWFkZS11cA"},
		"a token cut short":        {target, user, token[:len(token)-1]},
		"another event's token":    {target, user, ofEvent},
		"another order's token":    {target, user, ofOther},
		"another attempt":          {target, "request_failed.2", token},
		"an event that is unknown": {target, "order_delivered.1", token},
		"another order's path":     {strings.Replace(target, name, "zo-aaaaaaaaaaaaaaaaaaaaaaaaaa", 1), user, token},
		"another account's path":   {strings.Replace(target, "/main/", "/second/", 1), user, token},
		"an expired token":         {target, user, s.mint(name, time.Now().Add(-time.Minute), s.callbackKey())},
		"a key of one's own":       {target, user, s.mint(name, time.Now().Add(time.Hour), []byte(strings.Repeat("k", 64)))},
	} {
		if status := s.callBack(stranger(), c.target, c.user, c.token, lie); status != http.StatusUnauthorized {
			s.t.Errorf("a callback with %s is answered %d, want 401", reason, status)
		}
	}
}

// mint makes a token for an order's failure.
func (s *scene) mint(order string, expires time.Time, key []byte) string {
	s.t.Helper()
	token, err := callback.Mint("2026-01", key, callback.Claims{
		Namespace: s.namespace, Account: shop.AccountName, Order: order, Attempt: 1, Event: "request_failed", Expires: expires,
	})
	s.must(err)
	return token
}

// callbackKey is the key that signs tokens.
func (s *scene) callbackKey() []byte {
	s.t.Helper()
	var secret corev1.Secret
	s.must(s.client.Get(s.t.Context(), types.NamespacedName{Namespace: s.namespace, Name: "zma-callback"}, &secret))
	return secret.Data["2026-01"]
}

// tokensAreNowhere looks for tokens in all that is stored: the object, every table,
// the log.
func (s *scene) tokensAreNowhere(name string, urls map[string]string) {
	s.t.Helper()
	o, err := s.order(name)
	s.must(err)
	object, err := json.Marshal(o)
	s.must(err)
	log, err := os.ReadFile(s.log)
	s.must(err)
	hash, err := hex.DecodeString(o.Status.Submission.CallbackTokenHash)
	if err != nil || len(hash) != 32 {
		s.t.Errorf("the order keeps no hash of its tokens: %v", err)
	}
	if !eventually(func() bool {
		n, err := s.count("select count(*) from orders where external_id = 'n15' and callback_token_hash = $1", hash)
		return err == nil && n == 1
	}) {
		s.t.Error("the mirror keeps no hash of the tokens")
	}
	for event, u := range urls {
		_, _, token := takeApart(u)
		if len(token) < 64 {
			s.t.Errorf("the token of %s has %d characters", event, len(token))
		}
		if strings.Contains(string(object), token) || strings.Contains(string(log), token) {
			s.t.Errorf("the token of %s is in the object or the log", event)
		}
		s.notInTheDatabase(event, token)
	}
}

func (s *scene) notInTheDatabase(what, text string) {
	s.t.Helper()
	conn, err := pgx.Connect(s.t.Context(), s.database)
	s.must(err)
	defer func() { _ = conn.Close(s.t.Context()) }()
	rows, err := conn.Query(s.t.Context(), "select quote_ident(tablename) from pg_tables where schemaname = 'public'")
	s.must(err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	s.must(err)
	if len(tables) == 0 {
		s.t.Error("there is no table to look at")
	}
	for _, table := range tables {
		if n, err := s.count("select count(*) from "+table+" t where position($1 in t::text) > 0", text); err != nil || n != 0 {
			s.t.Errorf("table %s holds the token of %s in %d rows: %v", table, what, n, err)
		}
	}
}
