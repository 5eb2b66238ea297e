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
// account's URL or token changes. Connections are shared and reused.
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
	if account.Spec.APIVersion != "v1" {
		return nil, fmt.Errorf("provider API version %q is not supported", account.Spec.APIVersion)
	}
	key := account.Namespace + "/" + account.Name
	fingerprint := sha256.Sum256(v1alpha1.LengthPrefixed(account.Spec.BaseURL, string(token)))
	c.mu.Lock()
	defer c.mu.Unlock()
	if have, ok := c.clients[key]; ok && have.fingerprint == fingerprint {
		return have.client, nil
	}
	client, err := zma.NewV1(zma.Config{BaseURL: account.Spec.BaseURL, Token: string(token), HTTP: c.http, Metrics: c.metrics, Now: c.now})
	if err != nil {
		return nil, err
	}
	c.clients[key] = cached{fingerprint: fingerprint, client: client}
	return client, nil
}
