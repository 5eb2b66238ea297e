package plugin

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// samples are the sources in config/samples by name, with the files that hold them.
var samples = map[string]string{
	"web":    "source.yaml",
	"stripe": "source-stripe.yaml",
	"shop":   "source-shop.yaml",
	"hooks":  "source-hmac.yaml",
}

// trySample gives a body to a sample source.
func trySample(t *testing.T, name, body string, more ...string) said {
	t.Helper()
	args := append([]string{"source", "test", name, "-", "-f", filepath.Join(root, "config", "samples", samples[name])}, more...)
	if name == "hooks" {
		args = append(args, "--header", "X-Event: order")
	}
	return ask(t, body, args...)
}

// TestSamplesMakeOrdersThatTheAPIServerTakes gives each sample source its sample
// body.
func TestSamplesMakeOrdersThatTheAPIServerTakes(t *testing.T) {
	for name := range samples {
		t.Run(name, func(t *testing.T) {
			got := trySample(t, name, read(t, "config", "samples", "bodies", name+".json"), "--server", "-n", "default")
			if got.err != nil {
				t.Fatalf("%v\n%s", got.err, got.notes)
			}
			golden(t, name+".yaml", got.out)
			golden(t, name+".notes", got.notes)
		})
	}
}

// golden compares with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// TestSamplesRefuseWhatIsNotComplete takes parts away from the sample bodies, and
// puts others in.
func TestSamplesRefuseWhatIsNotComplete(t *testing.T) {
	const session = "data.object."
	cases := map[string]struct {
		source, path string
		value        any
		// err is in the error, note in the notes; both empty for a body that is taken.
		err, note string
	}{
		"Stripe, no shipping address: the buyer's is not taken": {"stripe", session + "collected_information.shipping_details", nil, "no such key: name", ""},
		"Stripe, nothing collected":                             {"stripe", session + "collected_information", nil, "mapping.order:", ""},
		"Stripe, no street":                                     {"stripe", session + "collected_information.shipping_details.address.line1", nil, "shippingAddress.line1", ""},
		"Stripe, one word for a name":                           {"stripe", session + "collected_information.shipping_details.name", "Ada", "mapping.order:", ""},
		"Stripe, no phone of the recipient":                     {"stripe", session + "custom_fields", []any{}, "mapping.order:", ""},
		"Stripe, metadata cut off":                              {"stripe", session + "metadata.items", "3", "items: is required", ""},
		"Stripe, more metadata than announced":                  {"stripe", session + "metadata.items", "1", "items: is required", ""},
		"Stripe, a hole in the metadata":                        {"stripe", session + "metadata", map[string]any{"items": "2", "item_1": "B0EXAMPLE1:1", "item_3": "B0EXAMPLE2:1"}, "no such key: item_2", ""},
		"Stripe, no number of items":                            {"stripe", session + "metadata", map[string]any{"item_1": "B0EXAMPLE1:1"}, "no such key: items", ""},
		"Stripe, no items":                                      {"stripe", session + "metadata", map[string]any{"items": "0"}, "items: is required", ""},
		"Stripe, an item without quantity":                      {"stripe", session + "metadata.item_2", "B0EXAMPLE2", "mapping.order:", ""},
		"Stripe, an item with more than a quantity":             {"stripe", session + "metadata.item_2", "B0EXAMPLE2:1:2", "mapping.order:", ""},
		"Stripe, unpaid":                                        {"stripe", session + "payment_status", "unpaid", "", "ignored"},
		"Stripe, paid later":                                    {"stripe", "type", "checkout.session.async_payment_succeeded", "", ""},
		"Stripe, another event":                                 {"stripe", "type", "charge.refunded", "", "ignored"},
		"Stripe, a known customer":                              {"stripe", session + "customer", "cus_ExampleCustomer", "", ""},
		"shop, one of two recipients has no address":            {"shop", "order.parcels.1.recipient", nil, "mapping.order:", ""},
		"shop, one of two recipients has no street":             {"shop", "order.parcels.1.recipient.street", nil, "shippingAddress.line1", ""},
		"shop, half a cent":                                     {"shop", "order.parcels.0.total", "25.995", "minorUnits", ""},
		"shop, a comma for a point":                             {"shop", "order.parcels.0.total", "25,99", "minorUnits", ""},
		"shop, one ID for two parcels":                          {"shop", "order.parcels.1.id", "a", "externalID", ""},
		"shop, no parcels":                                      {"shop", "order.parcels", []any{}, "mapping", ""},
		"shop, another event":                                   {"shop", "event", "order.cancelled", "", "ignored"},
		"native, a field that is unknown":                       {"hooks", "discount", 5, "discount: is unknown", ""},
		"native, a card number":                                 {"web", "customer.id", "4111 1111 1111 1111", "payment card number", ""},
		"native, no address":                                    {"web", "shippingAddress", nil, "shippingAddress: is required", ""},
	}
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			got := trySample(t, tc.source, changed(t, tc.source, tc.path, tc.value))
			if !holds(got.err, tc.err) {
				t.Fatalf("error %v, want %q", got.err, tc.err)
			}
			if !strings.Contains(got.notes, tc.note) {
				t.Errorf("notes %q, want %q", got.notes, tc.note)
			}
			if made := strings.Count(got.out, "kind: ZMAOrder"); (made > 0) != (tc.err == "" && tc.note == "") {
				t.Errorf("%d orders printed", made)
			}
		})
	}
}

// changed is a sample body with one value replaced.
func changed(t *testing.T, sample, path string, value any) string {
	t.Helper()
	var body any
	if err := json.Unmarshal([]byte(read(t, "config", "samples", "bodies", sample+".json")), &body); err != nil {
		t.Fatal(err)
	}
	at, keys := body, strings.Split(path, ".")
	for _, key := range keys[:len(keys)-1] {
		at = member(t, at, key)
	}
	at.(map[string]any)[keys[len(keys)-1]] = value
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func member(t *testing.T, of any, key string) any {
	t.Helper()
	switch of := of.(type) {
	case map[string]any:
		return of[key]
	case []any:
		return of[int(key[0]-'0')]
	}
	t.Fatalf("%s is in neither an object nor a list", key)
	return nil
}
