package zma

import (
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestTheTokenStaysInside plants the token wherever a server can put it, and
// looks for it in all that a caller could print.
func TestTheTokenStaysInside(t *testing.T) {
	basic := base64.StdEncoding.EncodeToString([]byte(token + ":"))
	raw := func(s string) http.HandlerFunc {
		return hijack(func(c net.Conn) { _, _ = io.WriteString(c, s) })
	}
	echo := `"request":{"client_token":"` + token + `","retailer":"amazon"}`
	for name, h := range map[string]http.HandlerFunc{
		"in place of a status line":        raw(token + " " + basic + "\r\n\r\n"),
		"in a redirect":                    answerWith(302, http.Header{"Location": {"http://x:" + token + "@%zz/"}}, ""),
		"in a body that is no JSON":        answerWith(200, nil, `client_token=`+token),
		"in the message of an error":       answerWith(400, nil, `{"_type":"error","code":"invalid_request","message":"`+token+`",`+echo+`}`),
		"in the data of an error":          answerWith(400, nil, `{"_type":"error","code":"brand_new_code","data":{"client_token":"`+token+`"}}`),
		"in an echo":                       answerWith(200, nil, `{"_type":"order_response",`+echo+`,"price_components":{"total":1}}`),
		"in a field of another type":       answerWith(200, nil, `{"_type":{"`+token+`":1},"request_id":["`+token+`"]}`),
		"in a page of a gateway":           answerWith(502, nil, basic+token),
		"in a header that can't be read":   raw("HTTP/1.1 200 OK\r\n" + token + "\r\n\r\n"),
		"in a chunk that can't be read":    raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + token + "\r\n"),
		"in a length that can't be read":   raw("HTTP/1.1 200 OK\r\nContent-Length: " + token + "\r\n\r\n"),
		"in an encoding that is not known": raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: " + token + "\r\n\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(h)
			t.Cleanup(s.Close)
			c := client(t, s.URL)
			order, getErr := c.Get(t.Context(), "abc")
			found, findErr := c.Find(t.Context(), key, ours, 1, time.Unix(0, 0))
			balance, balanceErr := c.Balance(t.Context())
			result := c.Submit(t.Context(), request())
			for what, v := range map[string]any{
				"client": c, "order": order, "get error": getErr, "found": found, "find error": findErr,
				"balance": balance, "balance error": balanceErr, "result": result, "submit error": result.Err,
			} {
				text := fmt.Sprintf("%v %+v %#v", v, v, v)
				if strings.Contains(text, token) || strings.Contains(text, basic) {
					t.Errorf("%s holds the token: %s", what, text)
				}
			}
		})
	}
}

func TestConfigDoesNotPrintItsToken(t *testing.T) {
	c := Config{BaseURL: "https://api.example.com", Token: token}
	for _, text := range []string{fmt.Sprint(c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", c), fmt.Sprintf("%+v", &c)} {
		if strings.Contains(text, token) || !strings.Contains(text, "api.example.com") {
			t.Errorf("Config prints as %q", text)
		}
	}
}

func TestNewV1RefusesWhatCannotWork(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"no base URL":             func(c *Config) { c.BaseURL = "" },
		"a base URL that is none": func(c *Config) { c.BaseURL = "://" + token },
		"user information in it":  func(c *Config) { c.BaseURL = "https://" + token + "@api.example.com" },
		"no token":                func(c *Config) { c.Token = "" },
		"no HTTP client":          func(c *Config) { c.HTTP = nil },
		"no clock":                func(c *Config) { c.Now = nil },
	} {
		t.Run(name, func(t *testing.T) {
			c := Config{BaseURL: "https://api.example.com", Token: token, HTTP: NewHTTPClient(), Now: time.Now}
			change(&c)
			made, err := NewV1(c)
			if err == nil || made != nil {
				t.Fatalf("NewV1 = %v, %v, want an error", made, err)
			}
			if strings.Contains(err.Error(), token) {
				t.Errorf("the error holds the token: %v", err)
			}
		})
	}
}

// TestErrorsDoNotHoldTheURL: a base URL may name hosts of a private network, and
// the request ID is logged beside the error anyway.
func TestErrorsDoNotHoldTheURL(t *testing.T) {
	s := httptest.NewServer(hijack(func(net.Conn) {}))
	t.Cleanup(s.Close)
	_, err := client(t, s.URL).Get(t.Context(), "abc")
	if err == nil || strings.Contains(err.Error(), "/v1/orders") {
		t.Errorf("Get: %v, want an error without the URL", err)
	}
}
