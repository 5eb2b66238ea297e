package webhookserver

import (
	"net/http"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// TestASendersRequestIDIsKeptWhenItIsOne: what is a name, a number or a secret goes to no
// log, row or order.
func TestASendersRequestIDIsKeptWhenItIsOne(t *testing.T) {
	for given, kept := range map[string]bool{
		"mine-1": true, "narrow-000908-001": true, "req_8f14e45f": true, "shop.42.a": true, "7": true,
		"1c0fe2d4-93f7-4f6c-a0a8-6e0c8dc8e2a7": true, "1C0FE2D4-93F7-4F6C-A0A8-6E0C8DC8E2A7": true,
		"00000000-0000-4000-8000-000000000001": true, "4bf92f3577b34da6a3ce929d0e0e4736": true, "12345678901234567890abcdefabcdef": true,
		"01ARZ3NDEKTSV4RRFFQ69G5FAV": true, "01234567890123456789ABCDEF": true, "5PAQ4NXUW3AXJ2M6O7TAXVYSM4": true,
		"": false, "bad id": false, "ada.lovelace@example.com": false, "ada.lovelace": false, strings.Repeat("a1", 33): false,
		"4111111111111111": false, "4111_1111_1111_1111": false, "4111.1111.1111.1111-a": false, "x4111-1111-1111-1111x": false,
		"41111111-1111-1111-b000-000000000000": false, // its first sixteen digits
		"15125550100":                          false, "1-512-555-0100": false, "tel-5125550100": false, "5550100": false, "20261130-01": false, "123456789012345678": false,
		"whsec_C2FVsBQIhrscChlQIMV": false, "sk_live_4eC39HqLyjWDarjt": false, "Bearer-1": false, "eyJhbGciOiJIUzI1NiJ9.e30.x1": false,
		"\uff14111": false, "a\n1": false,
	} {
		if got := requestID(given); (got == given) != kept || got == "" {
			t.Errorf("%q became %q", given, got)
		}
	}
}

// TestWhatASenderSaysOfItselfIsNotRecorded follows such IDs to where they would land.
func TestWhatASenderSaysOfItselfIsNotRecorded(t *testing.T) {
	for _, id := range []string{"4111_1111_1111_1111", "ada.lovelace@example.com", "+1-512-555-0100", "15125550100", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"} {
		h := newHarness(t, interceptor.Funcs{}, webhookSource("web", nil), keySecret())
		body := nativeBody("A-1")
		r := h.send(func(r *http.Request) {
			signedAs(t, id, signingSecret, h.clock(), body)(r)
			r.Header.Set("X-Request-Id", id)
		}, webPath, body)
		if r.status != http.StatusAccepted {
			t.Fatalf("%q: answer %d %s", id, r.status, r.body)
		}
		h.send(func(r *http.Request) { r.Header.Set("X-Request-Id", id) }, "/webhooks/none/none", "{}")
		for _, row := range h.records(2) {
			if row.RequestID == id || row.WebhookID == id {
				t.Errorf("%q: row %+v", id, row)
			}
		}
		if strings.Contains(h.logged(), id) || r.header.Get("X-Request-Id") == id {
			t.Errorf("%q is in log or answer:\n%s", id, h.logged())
		}
		for _, o := range orders(t, h.client) {
			if o.Annotations[v1alpha1.AnnotationRequestID] == id {
				t.Errorf("%q is on the order", id)
			}
		}
	}
}

func TestRecordable(t *testing.T) {
	for id, want := range map[string]string{
		"": "", "msg_1": "msg_1", "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W": "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
		"1c0fe2d4-93f7-4f6c-a0a8-6e0c8dc8e2a7": "1c0fe2d4-93f7-4f6c-a0a8-6e0c8dc8e2a7", "evt_1733000000123": "evt_1733000000123",
		"msg_4242424242424242": withheld, "msg_4242-4242_4242.4242": withheld, "15125550100": withheld,
	} {
		if got := recordable(id); got != want {
			t.Errorf("%q is recorded as %q, want %q", id, got, want)
		}
	}
}
