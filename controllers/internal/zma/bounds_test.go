package zma

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// TestWhatTheProviderSaysAlwaysFitsAStatus: the API server refuses a status with
// one text too long, and with it the placement of an order that is paid for.
func TestWhatTheProviderSaysAlwaysFitsAStatus(t *testing.T) {
	long := strings.Repeat("ü", 2000)
	body, err := json.Marshal(map[string]any{
		"_type": "order_response", "request_id": "abc",
		"merchant_order_ids": []any{map[string]string{"merchant_order_id": long}, "112-1", long},
		"tracking":           []any{map[string]string{"carrier": long, "tracking_number": long, "tracking_url": "https://t.example.com/" + long, "delivery_status": "Delivered"}},
		"delivery_dates":     []any{long, map[string]string{"date": long}, "2026-03-04", strings.Repeat("ü", 64)},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(answerWith(200, nil, string(body)))
	t.Cleanup(s.Close)
	got, err := client(t, s.URL).Get(t.Context(), "abc")
	if err != nil {
		t.Fatal(err)
	}
	want := Observation{
		RequestID: "abc", Phase: Placed, MerchantOrderIDs: []string{"112-1"},
		Parcels:       []Parcel{{Carrier: strings.Repeat("ü", 64), Number: strings.Repeat("ü", 128), Delivered: true}},
		DeliveryDates: []string{"2026-03-04", strings.Repeat("ü", 64)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Get (-want +got):\n%s", diff)
	}
}

// TestTextsThatNoTableTakes: a database refuses the character zero, and a line
// break in a carrier's name is a line of a log.
func TestTextsThatNoTableTakes(t *testing.T) {
	body := `{"_type":"order_response","request_id":"abc","merchant_order_ids":["112\u0000-1"],
"tracking":[{"carrier":"U\nPS\u0000","tracking_number":"\u0000","retailer_tracking_number":"TBA\u00071"},{"carrier":"\u0000"}],"delivery_dates":["2026\u0000"]}`
	s := httptest.NewServer(answerWith(200, nil, body))
	t.Cleanup(s.Close)
	got, err := client(t, s.URL).Get(t.Context(), "abc")
	if err != nil {
		t.Fatal(err)
	}
	want := Observation{
		RequestID: "abc", Phase: Placed, MerchantOrderIDs: []string{"112-1"},
		Parcels: []Parcel{{Carrier: "UPS", Number: "TBA1"}}, DeliveryDates: []string{"2026"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Get (-want +got):\n%s", diff)
	}
}

// TestALongURLIsLeftOutAndNotCut: half a URL leads somewhere else.
func TestALongURLIsLeftOutAndNotCut(t *testing.T) {
	fits := "https://t.example.com/" + strings.Repeat("x", 1024-len("https://t.example.com/"))
	for url, want := range map[string]string{fits: fits, fits + "x": ""} {
		body := `{"_type":"order_response","tracking":[{"tracking_number":"1Z","tracking_url":"` + url + `"}]}`
		s := httptest.NewServer(answerWith(200, nil, body))
		got, err := client(t, s.URL).Get(t.Context(), "abc")
		s.Close()
		if err != nil || len(got.Parcels) != 1 || got.Parcels[0].URL != want {
			t.Errorf("a URL of %d characters: %d characters kept (%v), want %d", utf8.RuneCountInString(url), len(got.Parcels[0].URL), err, len(want))
		}
	}
}
