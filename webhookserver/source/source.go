// Package source holds what the endpoint and the controller must agree on about
// WebhookSources: where one is served, which one wins a path, and whether it
// can be served at all.
package source

import (
	"fmt"
	"strings"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/webhookserver/internal/verify"
)

// PathPrefix of all webhooks; namespace and path follow.
const PathPrefix = "/webhooks/"

// maxName is the longest name of a source that an order can carry.
const maxName = 63

// Path is where a source is served in its namespace: spec.path, or its name.
func Path(s *v1alpha1.WebhookSource) string {
	if s.Spec.Path != "" {
		return s.Spec.Path
	}
	return s.Name
}

// WebhookPath is the path of the URL on which the sender posts.
func WebhookPath(s *v1alpha1.WebhookSource) string {
	return PathPrefix + s.Namespace + "/" + Path(s)
}

// Find returns the source that serves path, nil if there is none. The oldest of
// several wins, the name decides between twins: a new source must not take over
// the traffic of one that works.
func Find(sources []v1alpha1.WebhookSource, path string) *v1alpha1.WebhookSource {
	var found *v1alpha1.WebhookSource
	for i := range sources {
		if s := &sources[i]; Path(s) == path && (found == nil || older(s, found)) {
			found = s
		}
	}
	return found
}

func older(a, b *v1alpha1.WebhookSource) bool {
	if !a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return a.CreationTimestamp.Before(&b.CreationTimestamp)
	}
	return a.Name < b.Name
}

// Unsupported says what a source asks for that is not available; empty when
// nothing. Such a source is not served: left out, a filter would let events
// through, and a scheme senders.
func Unsupported(s *v1alpha1.WebhookSource) string {
	var parts []string
	add := func(wanted bool, what string) {
		if wanted {
			parts = append(parts, what)
		}
	}
	scheme := s.Spec.Auth.Scheme
	add(scheme != v1alpha1.AuthStandardWebhooks && scheme != v1alpha1.AuthBearer, fmt.Sprintf("auth.scheme %s", scheme))
	add(s.Spec.Mapping != nil, "mapping")
	add(s.Spec.EventFilter != "", "eventFilter")
	add(s.Spec.CORS != nil, "cors")
	add(len(s.Name) > maxName, fmt.Sprintf("a name longer than %d characters", maxName))
	add(s.Name == v1alpha1.ManualSource, fmt.Sprintf("the name %s, kept for orders made by hand", v1alpha1.ManualSource))
	return strings.Join(parts, ", ")
}

// CheckSecret tells whether a secret can be used by a scheme. The error does not
// quote the secret.
func CheckSecret(scheme v1alpha1.AuthScheme, secret []byte) error {
	var err error
	switch scheme {
	case v1alpha1.AuthStandardWebhooks:
		_, err = verify.SigningKey(secret)
	case v1alpha1.AuthBearer:
		_, err = verify.BearerToken(secret)
	default:
		err = fmt.Errorf("%w: scheme %s is not available", verify.ErrSecretUnusable, scheme)
	}
	return err
}
