package webhookserver

import (
	"bytes"
	"errors"
	"log"

	"github.com/go-logr/logr"
)

// errorLog takes what net/http would write to the standard log. Most of it is
// what strangers do wrong, with their addresses in clear, so it is left out.
func errorLog(to logr.Logger) *log.Logger { return log.New(serverErrors{to}, "", 0) }

type serverErrors struct{ to logr.Logger }

// Write implements io.Writer for one message.
func (e serverErrors) Write(line []byte) (int, error) {
	switch {
	case bytes.HasPrefix(line, []byte("http: Accept error")):
		e.to.Error(errors.New(string(bytes.TrimSpace(line))), "connections can't be accepted")
	case bytes.Contains(line, []byte("panic serving")):
		// The first line names the client and may quote the request; the stack is ours.
		_, stack, _ := bytes.Cut(line, []byte("\n"))
		e.to.Error(errors.New("panic"), "a request was cut off by a defect", "stack", string(stack))
	}
	return len(line), nil
}
