package notify

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestRenderedMailsAreTheGoldenOnes(t *testing.T) {
	gift := true
	cases := map[string]*v1alpha1.ZMAOrder{
		"confirmation": placedOrder(),
		"confirmation-bare": placedOrder(func(o *v1alpha1.ZMAOrder) {
			o.Spec.Source, o.Spec.RecipientOfGift = nil, &gift
			o.Status.Placement = nil
		}),
		"confirmation-injection": placedOrder(hostile),
	}
	for name, order := range cases {
		t.Run(name, func(t *testing.T) {
			r := render(t, nil, order)
			got := "Subject: " + r.Subject + "\n--- text\n" + r.Text + "--- html\n" + r.HTML
			golden(t, filepath.Join("testdata", name+".golden"), got)
		})
	}
}

// hostile puts what an attacker would try into every field that is free text.
func hostile(o *v1alpha1.ZMAOrder) {
	const breakout = "Eve\r\nBcc: victim@example.com\r\n\r\n<script>alert(1)</script>\u202egnp.exe\u2028{{.Total}}\x1b[31m\x00"
	o.Spec.Source.ExternalID = breakout
	o.Spec.ShippingAddress.FirstName = breakout
	o.Spec.ShippingAddress.Line1 = breakout
	o.Spec.Items[0].Title = "<img src=x onerror=alert(1)>\n\nTotal: USD 0.00"
	o.Status.Placement.MerchantOrderIDs = []string{`"><a href="https://evil.test">`}
}

func TestOverrides(t *testing.T) {
	r := render(t, map[string]string{
		"confirmation.subject": "Thanks,\n{{.FirstName}}!", "unrelated": "{{broken",
	}, placedOrder())
	if r.Subject != "Thanks, Ada!" {
		t.Errorf("subject %q", r.Subject)
	}
	if !strings.HasPrefix(r.Text, "Hello Ada,") {
		t.Errorf("the text is not the built-in one: %q", r.Text)
	}
}

func TestABrokenOverrideIsFoundBeforeAMailIsDue(t *testing.T) {
	cases := map[string]map[string]string{
		"does not parse":          {"confirmation.text": "{{.Total"},
		"names an unknown field":  {"confirmation.html": "<p>{{.Nope}}</p>"},
		"fails deeper in a range": {"confirmation.text": "{{range .Items}}{{.Price}}{{end}}"},
		"has an empty subject":    {"confirmation.subject": " \n"},
		"has an empty text":       {"confirmation.text": ""},
	}
	for name, overrides := range cases {
		t.Run(name, func(t *testing.T) {
			if _, err := ParseTemplates(overrides); !errors.Is(err, ErrTemplate) {
				t.Errorf("got %v, want ErrTemplate", err)
			}
		})
	}
	t.Run("is endless", func(t *testing.T) {
		_, err := ParseTemplates(map[string]string{"confirmation.text": "{{range 1000000}}{{$.Total}}{{end}}"})
		if !errors.Is(err, ErrTooLarge) {
			t.Errorf("got %v, want ErrTooLarge", err)
		}
	})
}

func TestRowsThatCanNotBeRendered(t *testing.T) {
	templates, err := ParseTemplates(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := templates.Render("birthday", nil); !errors.Is(err, ErrUnknownKind) {
		t.Errorf("got %v, want ErrUnknownKind", err)
	}
	_, err = templates.Render("confirmation", json.RawMessage(`{"firstName":["Ada"]}`))
	if !errors.Is(err, ErrBadData) || strings.Contains(err.Error(), "Ada") {
		t.Errorf("got %v, want ErrBadData without the data", err)
	}
}

func TestOnlyOneBareAddressIsARecipient(t *testing.T) {
	for in, want := range map[string]bool{
		"ada@example.com":                       true,
		"Ada <ada@example.com>":                 false,
		"ada@example.com, eve@example.com":      false,
		"ada@example.com\r\nBcc: e@example.com": false,
		"a,b@example.com":                       false,
		"":                                      false,
	} {
		if _, ok := recipientOf(in); ok != want {
			t.Errorf("%q: got %v, want %v", in, ok, want)
		}
	}
}

func render(t *testing.T, overrides map[string]string, o *v1alpha1.ZMAOrder) Rendered {
	t.Helper()
	templates, err := ParseTemplates(overrides)
	if err != nil {
		t.Fatal(err)
	}
	// Straight from the order, as a row that nobody has cleaned before.
	data, err := json.Marshal(confirmationOf(o))
	if err != nil {
		t.Fatal(err)
	}
	r, err := templates.Render(KindConfirmation, data)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}
