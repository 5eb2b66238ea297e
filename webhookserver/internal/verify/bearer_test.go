package verify

import (
	"errors"
	"net/http"
	"strings"
	"testing"
)

func TestBearer(t *testing.T) {
	token := strings.Repeat("t", 32)
	cases := map[string]struct {
		header string
		secret string
		want   error
	}{
		"the token":                    {"Bearer " + token, token, nil},
		"the scheme in another case":   {"bearer " + token, token, nil},
		"a secret with a line break":   {"Bearer " + token, token + "\n", nil},
		"another token":                {"Bearer " + strings.Repeat("x", 32), token, ErrMismatch},
		"the token in capitals":        {"Bearer " + strings.ToUpper(token), token, ErrMismatch},
		"a prefix of the token":        {"Bearer " + token[:31], token, ErrMismatch},
		"the token and more":           {"Bearer " + token + "t", token, ErrMismatch},
		"the token twice":              {"Bearer " + token + " " + token, token, ErrMismatch},
		"the token and a comma":        {"Bearer " + token + ",", token, ErrMismatch},
		"the token in quotes":          {`Bearer "` + token + `"`, token, ErrMismatch},
		"two spaces":                   {"Bearer  " + token, token, ErrMismatch},
		"a space behind it":            {"Bearer " + token + " ", token, ErrMismatch},
		"a short secret":               {"Bearer short", "short", ErrMismatch},
		"an empty secret":              {"Bearer ", "", ErrNoSignature},
		"a secret of white space":      {"Bearer ", strings.Repeat(" ", 40), ErrNoSignature},
		"spaces for that secret":       {"Bearer " + strings.Repeat(" ", 40), strings.Repeat(" ", 40), ErrMismatch},
		"another scheme":               {"Basic " + token, token, ErrNoSignature},
		"a scheme that begins like it": {"Bearers " + token, token, ErrNoSignature},
		"a token without a scheme":     {token, token, ErrNoSignature},
		"a scheme without a token":     {"Bearer", token, ErrNoSignature},
		"a tab":                        {"Bearer\t" + token, token, ErrNoSignature},
		"no header":                    {"", token, ErrNoSignature},
	}
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			h := http.Header{}
			if tc.header != "" {
				h.Set("Authorization", tc.header)
			}
			if got, err := bearer(Request{Header: h}, secrets(tc.secret)); !errors.Is(err, tc.want) {
				t.Errorf("%+v, %v; want %v", got, err, tc.want)
			}
		})
	}
}
