package webhookserver

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestOneRequestIsOneAnswer sends what two servers in a row may cut apart at
// different places. hidden is a second, signed request within the first: it must
// neither be answered nor make an order.
func TestOneRequestIsOneAnswer(t *testing.T) {
	body, hidden := nativeBody("A-1"), message(t, begin, nativeBody("hidden"))
	length := func(n int) string { return fmt.Sprintf("Content-Length: %d", n) }
	chunked := func(s string) string { return fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(s), s) }
	old := func(s string) string { return strings.Replace(s, "HTTP/1.1", "HTTP/1.0", 1) }
	const te = "Transfer-Encoding: chunked"
	for reason, tc := range map[string]struct {
		raw    string
		status []int // in this order
	}{
		"both lengths, the shorter one chunked": {head(t, begin, body, length(len(chunked(body)+hidden)), te) + chunked(body) + hidden, []int{202}},
		"both lengths, the shorter one counted": {head(t, begin, body, length(len(body)), te) + body + hidden, []int{400}},
		"both lengths, one after the other":     {head(t, begin, "", te, length(5)) + "0\r\n\r\n" + hidden, []int{400}},
		"a chunked request before another":      {head(t, begin, body, te) + chunked(body) + hidden, []int{202}},
		"two different lengths":                 {head(t, begin, body, length(len(body)), length(len(body)+len(hidden))) + body + hidden, []int{400}},
		"two lengths in one field":              {head(t, begin, body, length(len(body))+", 5") + body + hidden, []int{400}},
		"a length with a sign":                  {head(t, begin, body, "Content-Length: +5") + body + hidden, []int{400}},
		"a length below zero":                   {head(t, begin, body, "Content-Length: -5") + body + hidden, []int{400}},
		"a length in hexadecimal":               {head(t, begin, body, "Content-Length: 0x10") + body + hidden, []int{400}},
		"a length beyond numbers":               {head(t, begin, body, "Content-Length: 99999999999999999999") + body + hidden, []int{400}},
		"a length over two lines":               {head(t, begin, body, "Content-Length: 5\r\n 0") + body + hidden, []int{400}},
		"a length with a space before":          {head(t, begin, body, "Content-Length : 5") + body + hidden, []int{400}},
		"another coding":                        {head(t, begin, body, "Transfer-Encoding: gzip, chunked") + chunked(body) + hidden, []int{501}},
		"a coding that is nearly chunked":       {head(t, begin, body, "Transfer-Encoding: xchunked") + chunked(body) + hidden, []int{501}},
		"chunked twice":                         {head(t, begin, body, te, te) + chunked(body) + hidden, []int{501}},
		"chunked twice in one field":            {head(t, begin, body, te+", chunked") + chunked(body) + hidden, []int{501}},
		"a coding with a space before":          {head(t, begin, body, "Transfer-Encoding : chunked", length(len(body))) + body + hidden, []int{400}},
		"a coding with a tab behind":            {head(t, begin, body, te+"\t") + chunked(body) + hidden, []int{202}},
		"a coding of HTTP/1.0":                  {old(head(t, begin, "", te, "Connection: keep-alive")) + hidden, []int{400}},
		"a coding of HTTP/1.0 with a length":    {old(head(t, begin, body, te, length(len(body)), "Connection: keep-alive")) + body + hidden, []int{202}},
		"a field over two lines":                {head(t, begin, body, "X-A: b\r\n "+te, length(len(body)), "Connection: close") + body + hidden, []int{202}},
		"a first field that is folded":          {strings.Replace(message(t, begin, body), "Host:", " Host:", 1), []int{400}},
		"lines without a return":                {strings.ReplaceAll(head(t, begin, body, length(len(body)), "Connection: close"), "\r\n", "\n") + body + hidden, []int{202}},
		"a return without a line":               {head(t, begin, body, "X-A: b\r"+te, length(len(body))) + body + hidden, []int{400}},
		"a null in a field":                     {head(t, begin, body, "X-A: b\x00c", length(len(body))) + body + hidden, []int{400}},
		"a field name of two words":             {head(t, begin, body, "X A: b", length(len(body))) + body + hidden, []int{400}},
		"two hosts":                             {head(t, begin, body, "Host: other", length(len(body))) + body + hidden, []int{400}},
		"no host":                               {strings.Replace(message(t, begin, body), "Host: endpoint\r\n", "", 1) + hidden, []int{400}},
		"no version":                            {"POST " + webPath + "\r\n\r\n" + hidden, []int{400}},
		"a chunk with an extension":             {head(t, begin, body, te) + fmt.Sprintf("%x;a=b\r\n%s\r\n0\r\n\r\n", len(body), body) + hidden, []int{202}},
		"a chunk with a long extension":         {head(t, begin, body, te) + fmt.Sprintf("%x;%s\r\n%s\r\n0\r\n\r\n", len(body), strings.Repeat("a", 5000), body) + hidden, []int{400}},
		"a chunk that ends in a line feed":      {head(t, begin, body, te) + fmt.Sprintf("%x\n%s\r\n0\r\n\r\n", len(body), body) + hidden, []int{400}},
		"an extension with a line feed":         {head(t, begin, body, te) + fmt.Sprintf("%x;\n%s\r\n0\r\n\r\n", len(body), body) + hidden, []int{400}},
		"a chunk longer than it says":           {head(t, begin, body, te) + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body)-1, body) + hidden, []int{400}},
		"a chunk of a negative size":            {head(t, begin, body, te) + "-1\r\n" + body + "\r\n0\r\n\r\n" + hidden, []int{400}},
		"a chunk of a size beyond numbers":      {head(t, begin, body, te) + "fffffffffffffffff\r\n" + body + "\r\n0\r\n\r\n" + hidden, []int{400}},
		"chunks of a byte each":                 {head(t, begin, body, te) + strings.Repeat("1;aaaaaaaaaaaaaaaaaaaa\r\n \r\n", 3000) + "0\r\n\r\n" + hidden, []int{400}},
		"an upgrade to HTTP/2":                  {message(t, begin, body, "Connection: Upgrade, HTTP2-Settings, close", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__") + hidden, []int{202}},
		"HTTP/2 in clear":                       {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + hidden, []int{404}},
		"a later version":                       {strings.Replace(message(t, begin, body), "HTTP/1.1", "HTTP/3.0", 1) + hidden, []int{505}},
		"an expectation":                        {message(t, begin, body, "Expect: everything") + hidden, []int{417}},
	} {
		t.Run(reason, func(t *testing.T) {
			h, _ := listening(t, nil, nil)
			got := answers(t, h, tc.raw)
			if len(got) != len(tc.status) {
				t.Fatalf("%d answers, want %d: %+v", len(got), len(tc.status), got)
			}
			made := 0
			for i, want := range tc.status {
				if got[i].status != want {
					t.Errorf("answer %d is %d %s, want %d", i, got[i].status, got[i].body, want)
				}
				if want == http.StatusAccepted {
					made++
				}
			}
			stored := orders(t, h.client)
			if len(stored) != made || made == 1 && stored[0].Spec.Source.ExternalID != "A-1" {
				t.Errorf("orders %+v", stored)
			}
		})
	}
}

func TestRequestsInARowAreAnsweredInOrder(t *testing.T) {
	h, _ := listening(t, nil, nil)
	got := answers(t, h, message(t, begin, nativeBody("A-1"))+message(t, begin, nativeBody("A-2"), "Connection: close"))
	if len(got) != 2 || got[0].status != 202 || got[1].status != 202 || got[0].body == got[1].body {
		t.Errorf("answers %+v", got)
	}
}

// TestOnlyRealHeadersAuthenticate moves the signature to where a careless server
// would find it too.
func TestOnlyRealHeadersAuthenticate(t *testing.T) {
	body := nativeBody("A-1")
	signed := head(t, begin, body, "Transfer-Encoding: chunked")
	line := signed[strings.Index(signed, "webhook-signature: "):]
	line = line[:strings.Index(line, "\r\n")]
	unsigned := strings.Replace(signed, line+"\r\n", "", 1)
	chunk := fmt.Sprintf("%x\r\n%s\r\n0\r\n", len(body), body)
	for reason, raw := range map[string]string{
		"in a trailer":          strings.Replace(unsigned, "\r\n\r\n", "\r\nTrailer: webhook-signature\r\n\r\n", 1) + chunk + line + "\r\n\r\n",
		"with underscores":      strings.Replace(signed, "webhook-signature", "webhook_signature", 1) + chunk + "\r\n",
		"in the query":          strings.Replace(unsigned, webPath, webPath+"?webhook-signature=v1,x", 1) + chunk + "\r\n",
		"in a connection field": strings.Replace(unsigned, "\r\n\r\n", "\r\nConnection: webhook-signature\r\n\r\n", 1) + chunk + "\r\n",
	} {
		t.Run(reason, func(t *testing.T) {
			h, _ := listening(t, nil, nil)
			got := answers(t, h, raw)
			if len(got) != 1 {
				t.Fatalf("%d answers", len(got))
			}
			wantProblem(t, got[0], http.StatusUnauthorized, "unauthenticated")
		})
	}
}
