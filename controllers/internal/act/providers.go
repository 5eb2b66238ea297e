package act

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/controllers/internal/zma"
	"github.com/zma-operator/zma-operator/internal/secrets"
	"github.com/zma-operator/zma-operator/internal/telemetry"
)

// ClientCache gives one client for each account, and a new one when the
// account's URL, version or token changes. Connections are shared and reused.
type ClientCache struct {
	secrets *secrets.Reader
	http    *http.Client
	metrics *telemetry.Metrics
	now     func() time.Time

	mu      sync.Mutex
	clients map[string]cached
}

type cached struct {
	fingerprint [sha256.Size]byte
	client      zma.Client
}

// NewClientCache makes an empty cache.
func NewClientCache(s *secrets.Reader, h *http.Client, m *telemetry.Metrics, now func() time.Time) *ClientCache {
	return &ClientCache{secrets: s, http: h, metrics: m, now: now, clients: map[string]cached{}}
}

// For gives the client of an account. An error means that its token can't be
// read or its API version is not supported.
func (c *ClientCache) For(ctx context.Context, account *v1alpha1.ZMAAccount) (zma.Client, error) {
	ref := account.Spec.SecretRef
	token, err := c.secrets.Key(ctx, account.Namespace, ref.Name, ref.Key)
	if err != nil {
		return nil, err
	}
	key := account.Namespace + "/" + account.Name
	fingerprint := sha256.Sum256(v1alpha1.LengthPrefixed(account.Spec.APIVersion, account.Spec.BaseURL, currencyOf(account), string(token)))
	c.mu.Lock()
	defer c.mu.Unlock()
	if have, ok := c.clients[key]; ok && have.fingerprint == fingerprint {
		return have.client, nil
	}
	client, err := newClient(account.Spec, zma.Config{Token: string(token), Currency: currencyOf(account), HTTP: c.http, Metrics: c.metrics, Now: c.now})
	if err != nil {
		return nil, err
	}
	c.clients[key] = cached{fingerprint: fingerprint, client: client}
	return client, nil
}

// Hosts of the provider. An account that names no URL has the first, whatever its
// version: a default can't look at another field.
const (
	defaultURL   = "https://api.zinc.io"
	defaultURLV2 = "https://api.zinc.com"
)

// newClient makes the client of the account's API version.
func newClient(spec v1alpha1.ZMAAccountSpec, c zma.Config) (zma.Client, error) {
	c.BaseURL = spec.BaseURL
	switch spec.APIVersion {
	case "v1":
		return zma.NewV1(c)
	case "v2":
		if c.BaseURL == defaultURL {
			c.BaseURL = defaultURLV2
		}
		return zma.NewV2(c)
	}
	return nil, fmt.Errorf("provider API version %q is not supported", spec.APIVersion)
}
