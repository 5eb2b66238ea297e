package zma

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// NewHTTPClient makes a client that follows no redirect: a paid call that is sent
// on is a second paid call. Its connections are limited and reused. Timeouts of
// whole calls come with their contexts. HTTP/1.1 only: with HTTP/2 the loss of
// one connection would leave every paid call on it without a known outcome.
func NewHTTPClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			TLSHandshakeTimeout:   5 * time.Second,
			TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
			MaxIdleConnsPerHost:   32,
			MaxConnsPerHost:       64,
			IdleConnTimeout:       60 * time.Second,
			ExpectContinueTimeout: time.Second,
		},
		CheckRedirect: keepRedirect,
	}
}

// keepRedirect gives the redirect itself as the answer.
func keepRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
