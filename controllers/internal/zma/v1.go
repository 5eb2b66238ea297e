package zma

import (
	"net/http"
	"sync"
	"time"

	"github.com/zma-operator/zma-operator/internal/telemetry"
)

// Config of a client.
type Config struct {
	// BaseURL of the provider, without the version's path.
	BaseURL string
	// Token is the client token. It is a secret.
	Token string
	// Currency that the account is charged in, as an ISO 4217 code; empty takes
	// prices in whatever currency they are.
	Currency string
	// HTTP makes the calls; see NewHTTPClient.
	HTTP *http.Client
	// PageTimeout bounds each page of a list, within the caller's context; 0 is ten
	// seconds.
	PageTimeout time.Duration
	// Metrics of calls; nil for none.
	Metrics *telemetry.Metrics
	// Now is the clock.
	Now func() time.Time
}

// NewV1 makes a client of version 1 of the API.
func NewV1(c Config) (Client, error) {
	made, err := newCaller(c, "/v1", func(r *http.Request) { r.SetBasicAuth(c.Token, "") })
	if err != nil {
		return nil, err
	}
	return &v1{caller: made}, nil
}

type v1 struct {
	caller
	// odd are the types of movements that were counted as unknown.
	odd sync.Map
}
