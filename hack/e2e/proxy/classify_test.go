package proxy

import (
	"strings"
	"testing"
)

const (
	ordersPath = "/apis/zma.dev/v1alpha1/namespaces/shop/zmaorders"
	statusPath = ordersPath + "/zo-1/status"
)

// status writes an order's status with the reason of Ready.
func status(reason, rest string) []byte {
	return []byte(`{"metadata":{"uid":"u1"},"status":{"conditions":[{"type":"Ready","status":"False","reason":"` + reason + `"}]` + rest + `}}`)
}

func TestOrderWritesAreNamedByWhatIsNew(t *testing.T) {
	t.Parallel()
	const accepted, rejected = `,"submission":{"state":"Accepted"}`, `,"submission":{"state":"Rejected"}`
	const placed = accepted + `,"placement":{}`
	for name, c := range map[string]struct {
		write Write
		want  string
	}{
		"creation":          {Write{Method: "POST", Path: ordersPath}, Creation},
		"finalizer":         {Write{Method: "PATCH", Path: ordersPath + "/zo-1", Body: []byte(`{"metadata":{"finalizers":["zma.dev/order"]}}`)}, Finalizer},
		"its removal":       {Write{Method: "PATCH", Path: ordersPath + "/zo-1", Body: []byte(`{"metadata":{"finalizers":null}}`)}, FinalizerRemoval},
		"acceptance":        {Write{Method: "PUT", Path: statusPath, Body: status("Processing", accepted)}, Outcome},
		"it again":          {Write{Method: "PUT", Path: statusPath, Body: status("ProviderReview", accepted), Last: status("Processing", accepted)}, Hold},
		"failure":           {Write{Method: "PUT", Path: statusPath, Body: status("NeedsDecision", rejected)}, Failure},
		"end":               {Write{Method: "PUT", Path: statusPath, Body: status("Rejected", rejected)}, End},
		"end, unsubmitted":  {Write{Method: "PUT", Path: statusPath, Body: status("Cancelled", "")}, End},
		"hold":              {Write{Method: "PUT", Path: statusPath, Body: status("AwaitingApproval", "")}, Hold},
		"abort":             {Write{Method: "PUT", Path: statusPath, Body: status("Cancelling", accepted)}, AbortNote},
		"cancellation":      {Write{Method: "PUT", Path: statusPath, Body: status("Cancelling", placed)}, CancellationNote},
		"cancelled":         {Write{Method: "PUT", Path: statusPath, Body: status("CancelledByRetailer", placed), Last: status("Placed", placed)}, Cancelled},
		"refund after that": {Write{Method: "PUT", Path: statusPath, Body: status("CancelledByRetailer", placed+`,"cost":{"refundedCents":5}`), Last: status("CancelledByRetailer", placed)}, RefundNote},
		"handled request":   {Write{Method: "PUT", Path: statusPath, Body: status("NeedsDecision", rejected+`,"recovery":{"lastHandledRequest":"retry"}`), Last: status("NeedsDecision", rejected)}, Recovery},
		"what nobody knows": {Write{Method: "DELETE", Path: ordersPath + "/zo-1"}, unnamed},
		"another kind":      {Write{Method: "POST", Path: "/api/v1/namespaces/shop/configmaps"}, unnamed},
		"a lease":           {Write{Method: "PUT", Path: "/apis/coordination.k8s.io/v1/namespaces/zma-system/leases/zma"}, ""},
		"account's status":  {Write{Method: "PUT", Path: "/apis/zma.dev/v1alpha1/namespaces/shop/zmaaccounts/main/status"}, AccountStatus},
		"event":             {Write{Method: "POST", Path: "/apis/events.k8s.io/v1/namespaces/shop/events", Body: []byte("k8s\x00..RecoveryHandled..")}, RecoveryEvent},
	} {
		if got := OrderWrites(c.write); got != c.want {
			t.Errorf("%s is named %q, want %q", name, got, c.want)
		}
	}
}

func TestPaidCallsAreNamedByTheirPath(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/v1/orders": PaidCall, "/orders": PaidCall, "/v1/orders/ab/abort": AbortCall, "/v1/orders/ab/cancel": CancellationCall,
		"/v1/orders/ab/retry": unnamed, "/v1/orders/ab/case": unnamed,
	} {
		if got := PaidCalls(Write{Method: "POST", Path: path}); got != want {
			t.Errorf("%s is named %q, want %q", path, got, want)
		}
	}
}

func TestTransactionsAreNamedByTheirStatements(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		done []statement
		want string
	}{
		"a settlement closes the order too": {[]statement{{sql: "update zma_cost_tracking set settled_after_release = true"}, {sql: "update order_identities set outcome = $4"}}, Settlement},
		"an end without an attempt":         {[]statement{{sql: "insert into order_identities (a)"}, {sql: "update order_identities set outcome = $4"}}, Release},
		"a person's row, and its audit":     {[]statement{{sql: "insert into order_recovery_logs (a)", params: []string{"ada"}}, {sql: "insert into audit_log (a)"}}, RecoveryRecord},
		"the controller's row":              {[]statement{{sql: "insert into order_recovery_logs (a)", params: []string{"controller"}}}, ResolveRow},
		"a callback":                        {[]statement{{sql: "insert into webhook_deliveries (a)", params: []string{"callbacks"}}}, CallbackRow},
		"shared rate limits":                {[]statement{{sql: "insert into rate_limits as r (a)"}, {sql: "delete from rate_limits where a"}}, ""},
		"a block of the trail":              {[]statement{{sql: "insert into audit_blocks (a)"}}, ""},
		"security events gathered":          {[]statement{{sql: "with taken as ( delete from security_events where a returning b ) select b from taken"}}, ""},
		"security events in the trail":      {[]statement{{sql: "with taken as ( delete from security_events where a returning b ) select b from taken"}, {sql: "insert into audit_log (a)"}}, TransitionAudit},
		"a lock":                            {[]statement{{sql: "insert into spend_accounts (a)"}, {sql: "select true from spend_accounts for update"}}, ""},
		"a read":                            {[]statement{{sql: "set timezone to utc"}, {sql: "select updated from t"}}, ""},
		"a table that is new":               {[]statement{{sql: "insert into t (a)"}}, unnamed},
		"a change that is new":              {[]statement{{sql: "update t set a = 1"}}, unnamed},
	} {
		for i := range c.done {
			if c.done[i].sql != normal(strings.ToUpper(c.done[i].sql)) {
				t.Fatalf("%s is not written as statements are compared", c.done[i].sql)
			}
		}
		if got := effectOfStatements(c.done); got != c.want {
			t.Errorf("%s is named %q, want %q", name, got, c.want)
		}
	}
}
