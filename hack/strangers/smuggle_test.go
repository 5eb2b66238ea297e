package strangers

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// smuggling is a request whose end two servers would see at different places. A
// proxy that sees it behind the hidden request would let that pass unseen.
type smuggling struct {
	// outer is everything before the hidden request.
	outer string
	// inner puts the hidden request into more text.
	inner func(hidden string) string
	// own says that HTTP leaves no doubt: the hidden request is one of its own,
	// and may be answered as such.
	own bool
}

// TestARequestHiddenInAnotherIsNeverExecuted puts a complete request with the
// right token where some servers would see a body, and others the next request.
func TestARequestHiddenInAnotherIsNeverExecuted(t *testing.T) {
	x := theWorld(t).main
	w := watch(t, x)
	p := x.world.party("bearer")
	together(smugglings(x), func(reason string, s smuggling) {
		id := newID() + "-" + strings.ReplaceAll(reason, " ", "_")
		hidden := raw(x.world.path(p.name), p.sign(p.secret.signing, message{}), body(id))
		if s.inner != nil {
			hidden = s.inner(hidden)
		}
		c := x.dial(t, "")
		c.method, _, _ = strings.Cut(s.outer, " ")
		_, begun, _ := strings.Cut(s.outer, "\r\n\r\n")
		c.write(strings.ReplaceAll(s.outer, "LENGTH", fmt.Sprint(len(begun+hidden))) + hidden)
		got, closed := c.answers(8 * time.Second)
		switch {
		case s.own && len(got) == 2 && got[1].status == http.StatusAccepted:
			w.expect(got[1])
		case len(got) > 1:
			t.Errorf("%s: more than one answer: %v", reason, got)
		case len(got) == 0 && !closed:
			t.Errorf("%s: neither answered nor closed", reason)
		case len(got) == 1 && got[0].status < 400:
			t.Errorf("%s: taken: %v", reason, got[0])
		}
	})
}

// together tries all cases at the same time: most of the time they wait.
func together[T any](cases map[string]T, try func(reason string, tc T)) {
	var wg sync.WaitGroup
	for reason, tc := range cases {
		wg.Go(func() { try(reason, tc) })
	}
	wg.Wait()
}

// smugglings by what is doubtful about them. Each outer request is refused by
// itself: it has no token.
func smugglings(x *target) map[string]smuggling {
	path := x.world.path("bearer")
	outer := func(lines ...string) string { return head("POST "+path+" HTTP/1.1", http.Header{}, lines...) }
	const chunked, none, ended = "Transfer-Encoding: chunked", "Content-Length: 0", "0\r\n\r\n"
	bare := func(lines string) string {
		return "POST " + path + " HTTP/1.1\r\nHost: shop.example\r\nContent-Type: application/json\r\n" + lines
	}
	out := map[string]smuggling{
		"length and chunks":                     {outer: outer("Content-Length: LENGTH", chunked) + ended},
		"chunks and length":                     {outer: outer(chunked, "Content-Length: LENGTH") + ended},
		"chunks, and a length of nothing":       {outer: outer(none, chunked), inner: asChunk},
		"a length of nothing, in HTTP/1.0":      {outer: head("POST "+path+" HTTP/1.0", http.Header{}, "Connection: keep-alive", chunked) + ended},
		"HTTP/1.0 with both":                    {outer: head("POST "+path+" HTTP/1.0", http.Header{}, "Connection: keep-alive", chunked, none), inner: asChunk},
		"HTTP/1.0 that stays open":              {outer: head("POST "+path+" HTTP/1.0", http.Header{}, "Connection: keep-alive", none)},
		"two lengths":                           {outer: outer(none, "Content-Length: LENGTH")},
		"two lengths, the other first":          {outer: outer("Content-Length: LENGTH", none)},
		"two lengths in one line":               {outer: outer("Content-Length: LENGTH, 0")},
		"the same length in one line":           {outer: outer("Content-Length: LENGTH, LENGTH")},
		"a length with a sign":                  {outer: outer("Content-Length: +LENGTH")},
		"a negative length":                     {outer: outer("Content-Length: -1")},
		"a length in hex":                       {outer: outer("Content-Length: 0x0")},
		"a length that is a fraction":           {outer: outer("Content-Length: 0.0")},
		"a length of another name":              {outer: outer("Content_Length: LENGTH", none), own: true},
		"a length that wraps to nothing":        {outer: outer("Content-Length: 18446744073709551616")},
		"no length":                             {outer: outer("Content-Length:")},
		"a length of spaces and nothing":        {outer: outer("Content-Length:  0 0")},
		"chunked twice":                         {outer: outer(chunked, chunked) + ended},
		"chunked twice in one line":             {outer: outer("Transfer-Encoding: chunked, chunked") + ended},
		"chunked and identity":                  {outer: outer("Transfer-Encoding: chunked, identity", "Content-Length: LENGTH") + ended},
		"identity, then chunked":                {outer: outer("Transfer-Encoding: identity, chunked", "Content-Length: LENGTH") + ended},
		"identity":                              {outer: outer("Transfer-Encoding: identity", "Content-Length: LENGTH") + ended},
		"gzip, then chunked":                    {outer: outer("Transfer-Encoding: gzip, chunked", "Content-Length: LENGTH") + ended},
		"something like chunked":                {outer: outer("Transfer-Encoding: xchunked", "Content-Length: LENGTH") + ended},
		"chunked in quotes":                     {outer: outer(`Transfer-Encoding: "chunked"`, "Content-Length: LENGTH") + ended},
		"chunked with a parameter":              {outer: outer("Transfer-Encoding: chunked;q=1", "Content-Length: LENGTH") + ended},
		"chunked behind a vertical tab":         {outer: outer("Transfer-Encoding: \x0bchunked", "Content-Length: LENGTH") + ended},
		"chunked behind a tab":                  {outer: outer("Transfer-Encoding:\tchunked", "Content-Length: LENGTH") + ended},
		"chunked in capitals":                   {outer: outer("Transfer-Encoding: CHUNKED", "Content-Length: LENGTH") + ended},
		"an empty coding":                       {outer: outer("Transfer-Encoding:", "Content-Length: LENGTH") + ended},
		"a space before the colon":              {outer: outer("Transfer-Encoding : chunked", "Content-Length: LENGTH") + ended},
		"a space before the colon of a length":  {outer: outer("Content-Length : LENGTH")},
		"a space before the name":               {outer: bare(" Transfer-Encoding: chunked\r\nContent-Length: LENGTH\r\n\r\n") + ended},
		"a length on a folded line":             {outer: bare("Content-Length:\r\n LENGTH\r\n\r\n")},
		"a folded line that looks like chunked": {outer: bare("X-A: b\r\n Transfer-Encoding: chunked\r\nContent-Length: LENGTH\r\n\r\n") + ended},
		"chunked on a folded line":              {outer: bare("Transfer-Encoding:\r\n chunked\r\nContent-Length: LENGTH\r\n\r\n") + ended},
		"a NUL in a name":                       {outer: outer("Content-Length\x00: LENGTH")},
		"a NUL in a value":                      {outer: outer("Content-Length: LENGTH\x00")},
		"a carriage return alone":               {outer: bare("X-A: b\rTransfer-Encoding: chunked\r\nContent-Length: LENGTH\r\n\r\n") + ended},
		"a line without a colon":                {outer: bare("Content-Length LENGTH\r\n\r\n")},
		"an empty name":                         {outer: bare(": b\r\nContent-Length: LENGTH\r\n\r\n")},
		"two hosts":                             {outer: outer("Host: other.example", none)},
		"no host":                               {outer: "POST " + path + " HTTP/1.1\r\nContent-Length: 0\r\n\r\n"},
		"an upgrade to HTTP/2":                  {outer: outer("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__", none), own: true},
		"a preface of HTTP/2":                   {outer: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
		"a refused method with a body":          {outer: head("GET "+path+" HTTP/1.1", http.Header{}, "Content-Length: LENGTH")},
		"a method that tunnels":                 {outer: head("CONNECT shop.example:443 HTTP/1.1", http.Header{}), own: true},
		"a question without a body":             {outer: head("HEAD "+path+" HTTP/1.1", http.Header{}, "Content-Length: LENGTH")},
		"an unknown path with a body":           {outer: head("POST /nowhere HTTP/1.1", http.Header{}, "Content-Length: LENGTH")},
		"the body of a refused request":         {outer: outer("Content-Length: LENGTH")},
		"a body that is promised":               {outer: outer("Content-Length: 100000", "Expect: 100-continue")},
		"a body that is promised and refused":   {outer: head("POST /nowhere HTTP/1.1", http.Header{}, "Content-Length: 10", "Expect: 100-continue")},
		"a body too large to be read to an end": {outer: outer(fmt.Sprintf("Content-Length: %d", 10<<20)) + strings.Repeat(" ", 1<<20)},
		"half the refused body":                 {outer: outer("Content-Length: 5000")},
		"a chunk without its line break":        {outer: outer(chunked) + "5\r\nhelloX0\r\n\r\n"},
		"a chunk's size with a bare line feed":  {outer: outer(chunked) + "2;\n}}\r\n0\r\n\r\n"},
		"a chunk's size that wraps":             {outer: outer(chunked) + "10000000000000000\r\n"},
		"a chunk's size with a sign":            {outer: outer(chunked) + "-1\r\n"},
		"a chunk's size with a prefix":          {outer: outer(chunked) + "0x0\r\n\r\n"},
		"a chunk's size with a space":           {outer: outer(chunked) + "0 \r\n\r\n"},
		"an endless extension of a chunk":       {outer: outer(chunked) + "1;" + strings.Repeat("a", 10000) + "\r\n \r\n" + ended},
		"trailers that name a length":           {outer: outer(chunked) + "0\r\nContent-Length: LENGTH\r\n\r\n"},
		"pipelined behind a whole request":      {outer: raw(path, http.Header{}, []byte("{}")), own: true},
		"bare line feeds":                       {outer: strings.ReplaceAll(outer(none), "\r\n", "\n"), own: true},
	}
	return out
}

func asChunk(hidden string) string { return fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(hidden), hidden) }
