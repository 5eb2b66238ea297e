package webhookserver_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/zma-operator/zma-operator/webhookserver/openapi"
)

// publishedSchema is what GET /schemas/order.json gives, ready to judge.
func publishedSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(openapi.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("order.json", parsed); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("order.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func schemaAccepts(t *testing.T, schema *jsonschema.Schema, body string) bool {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
	if err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return schema.Validate(value) == nil
}

// changed is a valid native body with some of its fields changed: a path of keys,
// and the JSON that is put there, or "" to take the field away. Of a list the
// first entry is meant.
func changed(t *testing.T, id string, changes ...[2]string) string {
	t.Helper()
	var body any
	if err := json.Unmarshal(order(id).JSON(), &body); err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		at := object(body)
		keys := strings.Split(c[0], ".")
		last := len(keys) - 1
		for _, key := range keys[:last] {
			at = object(at[key])
		}
		if c[1] == "" {
			delete(at, keys[last])
			continue
		}
		at[keys[last]] = json.RawMessage(c[1])
	}
	out, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func object(v any) map[string]any {
	if list, ok := v.([]any); ok {
		v = list[0]
	}
	return v.(map[string]any)
}

func quoted(s string, times int) string { return `"` + strings.Repeat(s, times) + `"` }

// TestSchemaAndEndpointJudgeAlike sends each body to a real endpoint before a
// real API server, and holds it against the published schema.
func TestSchemaAndEndpointJudgeAlike(t *testing.T) {
	schema := publishedSchema(t)
	e := newEndpoint(t)
	for i, tc := range []struct {
		reason  string
		changes [][2]string
		valid   bool
	}{
		{"nothing changed", nil, true},
		{"all that may be left out is left out", [][2]string{{"retailer", ""}, {"items.title", ""}, {"items.category", ""}, {"items.unitPriceCents", ""}, {"shippingAddress.state", ""}, {"shippingAddress.line2", ""}, {"customer.email", ""}, {"payment", ""}}, true},
		{"a retailer in capitals", [][2]string{{"retailer", `"Amazon"`}}, false},
		{"a retailer too long", [][2]string{{"retailer", quoted("a", 33)}}, false},
		{"no items", [][2]string{{"items", ""}}, false},
		{"an empty list of items", [][2]string{{"items", `[]`}}, false},
		{"50 items", [][2]string{{"items", `[` + strings.Repeat(`{"productID":"B0","quantity":1},`, 49) + `{"productID":"B0","quantity":1}]`}}, true},
		{"51 items", [][2]string{{"items", `[` + strings.Repeat(`{"productID":"B0","quantity":1},`, 50) + `{"productID":"B0","quantity":1}]`}}, false},
		{"an item without quantity", [][2]string{{"items.quantity", ""}}, false},
		{"a quantity of nothing", [][2]string{{"items.quantity", `0`}}, false},
		{"the highest quantity", [][2]string{{"items.quantity", `100`}}, true},
		{"a quantity too high", [][2]string{{"items.quantity", `101`}}, false},
		{"a quantity in words", [][2]string{{"items.quantity", `"1"`}}, false},
		{"a fraction", [][2]string{{"items.quantity", `1.5`}}, false},
		{"a product ID with a slash", [][2]string{{"items.productID", `"a/b"`}}, false},
		{"a product ID too long", [][2]string{{"items.productID", quoted("a", 65)}}, false},
		{"a price below zero", [][2]string{{"items.unitPriceCents", `-1`}}, false},
		{"a price of nothing", [][2]string{{"items.unitPriceCents", `0`}}, true},
		{"an unknown field", [][2]string{{"colour", `"red"`}}, false},
		{"an unknown field of an item", [][2]string{{"items.qty", `1`}}, false},
		{"a field of the source", [][2]string{{"accountRef", `{"name":"main"}`}}, false},
		{"a field of a person", [][2]string{{"suspend", `true`}}, false},
		{"a variant", [][2]string{{"items.variants", `[{"dimension":"color","value":"red"}]`}}, true},
		{"a variant without value", [][2]string{{"items.variants", `[{"dimension":"color"}]`}}, false},
		{"one variant twice", [][2]string{{"items.variants", `[{"dimension":"color","value":"red"},{"dimension":"color","value":"red"}]`}}, false},
		{"a name of the longest", [][2]string{{"shippingAddress.firstName", quoted("é", 100)}}, true},
		{"a name too long", [][2]string{{"shippingAddress.firstName", quoted("é", 101)}}, false},
		{"an empty name", [][2]string{{"shippingAddress.lastName", `""`}}, false},
		{"no phone", [][2]string{{"shippingAddress.phone", ""}}, false},
		{"no address", [][2]string{{"shippingAddress", ""}}, false},
		{"an address of null", [][2]string{{"shippingAddress", `null`}}, false},
		{"an address in a list", [][2]string{{"shippingAddress", `[]`}}, false},
		{"a country in small letters", [][2]string{{"shippingAddress.country", `"us"`}}, false},
		{"a mail address without @", [][2]string{{"shippingAddress.email", `"ada"`}}, false},
		{"a mail address", [][2]string{{"shippingAddress.email", `"ada@example.com"`}}, true},
		{"no customer", [][2]string{{"customer", ""}}, false},
		{"a customer without ID", [][2]string{{"customer.id", ""}}, false},
		{"no total", [][2]string{{"total", ""}}, false},
		{"a total without amount", [][2]string{{"total.amountCents", ""}}, false},
		{"a total of nothing", [][2]string{{"total.amountCents", `0`}}, true},
		{"the highest total", [][2]string{{"total.amountCents", `100000000`}}, true},
		{"a total too high", [][2]string{{"total.amountCents", `100000001`}}, false},
		{"a currency in small letters", [][2]string{{"total.currency", `"usd"`}}, false},
		{"a gift", [][2]string{{"gift", `{"message":"Hello"}`}, {"recipientOfGift", `true`}}, true},
		{"a gift without message", [][2]string{{"gift", `{}`}}, true},
		{"a recipient of no gift", [][2]string{{"recipientOfGift", `true`}}, false},
		{"no recipient, no gift", [][2]string{{"recipientOfGift", `false`}}, true},
		{"a message too long", [][2]string{{"gift", `{"message":` + quoted("a", 241) + `}`}}, false},
		{"no payment, said so", [][2]string{{"payment", `{"provider":"none"}`}}, true},
		{"no payment with an amount", [][2]string{{"payment", `{"provider":"none","amountCents":5}`}}, true},
		{"no payment with a reference", [][2]string{{"payment", `{"provider":"none","reference":"pi_1"}`}}, false},
		{"a payment", [][2]string{{"payment", `{"provider":"stripe","reference":"pi_1","amountCents":5}`}}, true},
		{"a payment without reference", [][2]string{{"payment", `{"provider":"stripe","amountCents":5}`}}, false},
		{"a payment without amount", [][2]string{{"payment", `{"provider":"stripe","reference":"pi_1"}`}}, false},
		{"a payment without provider", [][2]string{{"payment", `{"reference":"pi_1","amountCents":5}`}}, false},
		{"a provider not known", [][2]string{{"payment", `{"provider":"bank","reference":"pi_1","amountCents":5}`}}, false},
		{"shipping by name", [][2]string{{"shipping", `{"method":"fastest"}`}}, true},
		{"shipping by order", [][2]string{{"shipping", `{"orderBy":"price","maxDays":5,"maxPriceCents":0}`}}, true},
		{"shipping both ways", [][2]string{{"shipping", `{"method":"free","orderBy":"price"}`}}, false},
		{"shipping neither way", [][2]string{{"shipping", `{"maxDays":5}`}}, false},
		{"days without order", [][2]string{{"shipping", `{"method":"free","maxDays":5}`}}, false},
		{"a price without order", [][2]string{{"shipping", `{"method":"free","maxPriceCents":5}`}}, false},
		{"too many days", [][2]string{{"shipping", `{"orderBy":"price","maxDays":61}`}}, false},
		{"a time", [][2]string{{"notBefore", `"2030-01-02T03:04:05Z"`}}, true},
		{"a time with an offset", [][2]string{{"notBefore", `"2030-01-02T03:04:05+02:00"`}}, true},
		{"a day without a time", [][2]string{{"notBefore", `"2030-01-02"`}}, false},
		{"a time in numbers", [][2]string{{"notBefore", `1893553445`}}, false},
		{"a highest price", [][2]string{{"maxPriceCents", `1`}}, true},
		{"a highest price of nothing", [][2]string{{"maxPriceCents", `0`}}, false},
		{"no external ID", [][2]string{{"externalID", ""}}, false},
		{"an empty external ID", [][2]string{{"externalID", `""`}}, false},
		{"an external ID with a space", [][2]string{{"externalID", `"a b"`}}, false},
		{"an external ID of the longest", [][2]string{{"externalID", quoted("x", 128)}}, true},
		{"an external ID too long", [][2]string{{"externalID", quoted("x", 129)}}, false},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			body := changed(t, fmt.Sprintf("alike-%d", i), tc.changes...)
			if got := schemaAccepts(t, schema, body); got != tc.valid {
				t.Errorf("the schema says %v of %s", got, body)
			}
			a := e.send(fmt.Sprintf("msg-%d", i), []byte(body))
			if got := a.Status == http.StatusAccepted; got != tc.valid || !got && a.Status != http.StatusBadRequest {
				t.Errorf("the endpoint answered %d %s to %s", a.Status, a.Body, body)
			}
		})
	}
}

// TestWhereSchemaAndEndpointDiffer holds the schema's description to its word:
// what it says that a schema can't say, and nothing else.
func TestWhereSchemaAndEndpointDiffer(t *testing.T) {
	schema := publishedSchema(t)
	e := newEndpoint(t)
	for i, tc := range []struct {
		reason   string
		field    string
		value    string
		endpoint bool
	}{
		{"a whole number with a fraction", "items.quantity", `1.0`, false},
		{"a whole number with an exponent", "total.amountCents", `1e3`, false},
		{"two variants of one dimension", "items.variants", `[{"dimension":"color","value":"red"},{"dimension":"color","value":"blue"}]`, false},
		{"a card number", "items.title", `"4111 1111 1111 1111"`, false},
		{"an optional field of null", "gift", `null`, true},
		{"an optional text of null", "retailer", `null`, true},
		{"an optional text that is empty", "customer.email", `""`, true},
		{"a payment that is empty", "payment", `{}`, true},
		{"shipping that is empty", "shipping", `{}`, true},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			body := changed(t, fmt.Sprintf("differ-%d", i), [2]string{tc.field, tc.value})
			if got := schemaAccepts(t, schema, body); got == tc.endpoint {
				t.Errorf("the schema says %v of %s", got, body)
			}
			if a := e.send(fmt.Sprintf("msg-%d", i), []byte(body)); (a.Status == http.StatusAccepted) != tc.endpoint {
				t.Errorf("the endpoint answered %d %s to %s", a.Status, a.Body, body)
			}
		})
	}
}
