package callback

import (
	"strings"
	"testing"
)

func TestHintsSurviveTheWayBetweenProcesses(t *testing.T) {
	for text, want := range map[string]Hint{
		"shop/zo-1":           {Namespace: "shop", Order: "zo-1"},
		"shop/main/5b1c-9_.x": {Namespace: "shop", Account: "main", RequestID: "5b1c-9_.x"},
	} {
		got, ok := ParseHint(text)
		if !ok || got != want || want.String() != text {
			t.Errorf("%s: parsed %+v, %v; written %s", text, got, ok, want)
		}
	}
}

func TestOtherTextsAreNoHints(t *testing.T) {
	for reason, text := range map[string]string{
		"nothing":                         "",
		"one name":                        "shop",
		"separators alone":                "//",
		"no namespace":                    "/zo-1",
		"no order":                        "shop/",
		"no account":                      "shop//r-1",
		"no request ID":                   "shop/main/",
		"a part too many":                 "shop/main/r/1",
		"a request ID with a line break":  "shop/main/r\n1",
		"a request ID beyond the status":  "shop/main/" + strings.Repeat("r", 65),
		"a request ID of letters abroad":  "shop/main/é",
		"a request ID with a space in it": "shop/main/r 1",
	} {
		if h, ok := ParseHint(text); ok {
			t.Errorf("%s was taken for %+v", reason, h)
		}
	}
}

func TestAHintThatNamesNoOrderTravelsNowhere(t *testing.T) {
	for reason, h := range map[string]Hint{
		"nothing known":               {},
		"a namespace alone":           {Namespace: "shop"},
		"no namespace":                {Order: "zo-1"},
		"a request ID without owner":  {Namespace: "shop", RequestID: "r-1"},
		"an account without order":    {Namespace: "shop", Account: "main"},
		"a request ID with separator": {Namespace: "shop", Account: "main", RequestID: "r/1"},
	} {
		if got := h.String(); got != "" {
			t.Errorf("%s is written %q", reason, got)
		}
	}
}
