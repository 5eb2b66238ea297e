package webhookserver

import (
	"strings"
	"testing"

	"github.com/go-logr/logr/funcr"
)

func TestServerErrorsNameNoClient(t *testing.T) {
	var lines []string
	to := errorLog(funcr.New(func(_, args string) { lines = append(lines, args) }, funcr.Options{}))
	to.Print("http: TLS handshake error from 192.0.2.1:5: EOF")
	to.Print("http: panic serving 192.0.2.1:5: planted\ngoroutine 7 [running]:\nmain.main()")
	to.Print("http2: server: error reading preface from client 192.0.2.1:5: EOF")
	to.Print("http: Accept error: accept4: too many open files; retrying in 5ms")
	if len(lines) != 2 || !strings.Contains(lines[0], "goroutine 7") || !strings.Contains(lines[1], "too many open files") {
		t.Errorf("log: %q", lines)
	}
	if all := strings.Join(lines, ""); strings.Contains(all, "192.0.2.1") || strings.Contains(all, "planted") {
		t.Errorf("a client or a value is logged: %s", all)
	}
	if prepared(t, nil, nil).server.newHTTPServer().ErrorLog == nil {
		t.Error("the server writes to the standard log")
	}
}
