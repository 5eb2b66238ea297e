package mapping

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestABlankPartIsLikeAMissingOne: an address that only looks complete reaches
// nobody.
func TestABlankPartIsLikeAMissingOne(t *testing.T) {
	for field, value := range map[string]string{"firstName": "Ada", "lastName": "Doe", "line1": "1 Main St", "city": "Austin", "postalCode": "78701", "phone": "+15032234567"} {
		for _, blank := range []string{" ", `\t\n`, `\u00a0`, `\u200b`, `\u3164`, `\u2800`, `\ufe0f`, ".", "- -", "?"} {
			if field == "postalCode" && strings.ContainsAny(blank, ".-?") {
				continue // countries without codes have to write something
			}
			t.Run(fmt.Sprintf("%s %q", field, blank), func(t *testing.T) {
				body := swapIn(t, plainBody, `"`+field+`":"`+value+`"`, `"`+field+`":"`+blank+`"`)
				_, err := compiledSource(t, mapped("", plainID, plainOrder)).Orders(t.Context(), Input{Body: []byte(body)})
				wantField(t, err, "shippingAddress."+field)
				_, err = Decode([]byte(swapIn(t, least, `"`+field+`":"`+value+`"`, `"`+field+`":"`+blank+`"`)))
				wantField(t, err, "shippingAddress."+field)
			})
		}
	}
}

func wantField(t *testing.T, err error, field string) {
	t.Helper()
	var body *BodyError
	if !errors.As(err, &body) {
		t.Fatalf("error %v, want a BodyError", err)
	}
	var got []string
	for _, f := range body.Fields {
		got = append(got, f.Field)
	}
	if diff := cmp.Diff([]string{field}, got); diff != "" {
		t.Error(diff)
	}
}

// TestAPartInAnyScriptIsThere keeps honest addresses from being called blank.
func TestAPartInAnyScriptIsThere(t *testing.T) {
	for _, part := range []string{"O'Neil", "\u674e", "\u0417\u043e\u044f", "\u0645\u062d\u0645\u062f", "\u0e2a\u0e21", "7", "\u0667", "\u2167", "\u0905", "\ud55c", "X.", "\u00f8"} {
		body := swapIn(t, plainBody, `"line1":"1 Main St"`, `"line1":"`+part+`"`)
		if _, err := compiledSource(t, mapped("", plainID, plainOrder)).Orders(t.Context(), Input{Body: []byte(body)}); err != nil {
			t.Errorf("%q: %v", part, err)
		}
	}
}
