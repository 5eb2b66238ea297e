package webhookserver

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
)

// checkHeaders refuses by the headers alone what the body would be refused for.
// A content encoding is refused: what is signed is what was sent, and a small
// body may unpack to a large one.
func checkHeaders(r *http.Request, limit int64) error {
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return unsupportedMedia("Send the body without a content encoding.")
	}
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return unsupportedMedia("Send application/json.")
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return unsupportedMedia("Send UTF-8.")
	}
	if r.ContentLength > limit {
		return bodyTooLarge(limit)
	}
	return nil
}

func readBody(x *exchange, limit int64) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, limit))
	x.bodyBytes = int64(len(body))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, bodyTooLarge(limit)
	case err != nil:
		return nil, bodyUnreadable()
	}
	return body, nil
}
