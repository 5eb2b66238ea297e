package v1alpha1_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// base holds an object of each kind that the API server takes.
var base = map[string]string{
	"ZMAOrder": `
accountRef: {name: main}
policyRef: {name: standard}
shard: a
items: [{productID: B0EXAMPLE1, quantity: 1, unitPriceCents: 1000, variants: [{dimension: color, value: red}], title: Book, category: Books}]
shippingAddress: {firstName: Ada, lastName: Sample, line1: 1 Main St, line2: Unit 2, city: Portland, state: OR, postalCode: "97204", country: US, phone: "+15032234567", email: ada@example.com}
recipientOfGift: true
gift: {message: hi}
customer: {id: c1, email: c@example.com}
total: {currency: USD, amountCents: 1000}
payment: {provider: stripe, reference: pi_1, amountCents: 1000}
shipping: {orderBy: price, maxDays: 5, maxPriceCents: 500}
notBefore: "2026-01-01T00:00:00Z"
maxPriceCents: 5000
`,
	"ZMAAccount": `
providerAccountID: acct-1
installationID: 6f0d4a58-0b2e-4f57-9a55-0d8d6cc6a001
secretRef: {name: token, key: token}
notificationPolicyRef: {name: mails}
budget: {dailyCents: 1, monthlyCents: 2, perCustomerDailyCents: 3}
callback: {publicURL: "https://hooks.example.com", secretRef: {name: cb}, activeKey: k1}
`,
	"OrderPolicy": `
rules: [{name: r, expression: "true", action: Warn, message: m}]
items: {patterns: [{retailer: amazon, pattern: ".*"}], unsupportedCategories: [Digital]}
address: {countries: [US]}
velocity: {ordersPerHour: 1, ordersPerDay: 2}
duplicates: {window: 1h}
approval: {aboveCents: 1}
`,
	"WebhookSource": `
path: a/b
auth: {scheme: standardWebhooks, secretRefs: [{name: s, key: k}]}
cors: {allowedOrigins: ["https://shop.example"]}
accountRef: {name: main}
policyRef: {name: standard}
mapping: {externalID: body.id, order: body.order}
eventFilter: "true"
`,
	"NotificationPolicy": `
smtp: {host: smtp.example.com, caRef: {name: ca, key: ca.crt}, secretRef: {name: login}}
sender: Shop <shop@example.com>
adminRecipients: [ops@example.com]
templatesRef: {name: t}
channels: [{name: c, type: slack, secretRef: {name: s}}]
`,
}

var serial atomic.Int64

// object builds an object of a kind from its base, changed at some paths. A value
// of nil removes the field.
func object(t *testing.T, kind string, changes map[string]any) *unstructured.Unstructured {
	t.Helper()
	spec := map[string]any{}
	if err := yaml.Unmarshal([]byte(base[kind]), &spec); err != nil {
		t.Fatal(err)
	}
	o := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	o.SetAPIVersion("zma.dev/v1alpha1")
	o.SetKind(kind)
	o.SetNamespace(namespace)
	o.SetName(fmt.Sprintf("o-%d", serial.Add(1)))
	for path, value := range changes {
		set(t, o.Object, path, value)
	}
	return o
}

// set changes the value at a path such as spec.items.0.quantity.
func set(t *testing.T, in map[string]any, path string, value any) {
	t.Helper()
	parts := strings.Split(path, ".")
	var at any = in
	for _, p := range parts[:len(parts)-1] {
		at = step(t, at, p)
	}
	last := parts[len(parts)-1]
	switch c := at.(type) {
	case map[string]any:
		if value == nil {
			delete(c, last)
		} else {
			c[last] = value
		}
	case []any:
		var i int
		if _, err := fmt.Sscan(last, &i); err != nil || i >= len(c) {
			t.Fatalf("path %s: %v", path, err)
		}
		c[i] = value
	default:
		t.Fatalf("path %s leads nowhere", path)
	}
}

func step(t *testing.T, at any, p string) any {
	t.Helper()
	switch c := at.(type) {
	case map[string]any:
		if c[p] == nil {
			c[p] = map[string]any{}
		}
		return c[p]
	case []any:
		var i int
		if _, err := fmt.Sscan(p, &i); err != nil || i >= len(c) {
			t.Fatalf("index %s: %v", p, err)
		}
		return c[i]
	}
	t.Fatalf("%s leads nowhere", p)
	return nil
}

// try creates an object; wanted is a part of the refusal, empty for acceptance.
func try(t *testing.T, o *unstructured.Unstructured, wanted string) {
	t.Helper()
	judge(t, server.Create(t.Context(), o), wanted)
}

func judge(t *testing.T, err error, wanted string) {
	t.Helper()
	switch {
	case wanted == "" && err != nil:
		t.Errorf("refused: %v", err)
	case wanted != "" && !apierrors.IsInvalid(err):
		t.Errorf("got %v, want a refusal that says %q", err, wanted)
	case wanted != "" && !strings.Contains(err.Error(), wanted):
		t.Errorf("the refusal says %v, want %q", err, wanted)
	}
}

// long is text one longer than a bound.
func long(n int) string { return strings.Repeat("a", n+1) }

func many(n int, value any) []any {
	out := make([]any, n)
	for i := range out {
		out[i] = value
	}
	return out
}

func TestCompleteObjectsAreAccepted(t *testing.T) {
	for kind := range base {
		t.Run(kind, func(t *testing.T) { try(t, object(t, kind, nil), "") })
	}
}
