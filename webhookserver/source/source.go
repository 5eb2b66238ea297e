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

// defaultMaxBody is the default of maxBodyBytes, for sources that the API server
// has not completed.
const defaultMaxBody = 256 << 10

// MaxBody is how many bytes a body may have.
func MaxBody(s *v1alpha1.WebhookSource) int64 {
	if s.Spec.MaxBodyBytes > 0 {
		return s.Spec.MaxBodyBytes
	}
	return defaultMaxBody
}

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
// nothing. Such a source is not served.
func Unsupported(s *v1alpha1.WebhookSource) string {
	var parts []string
	if len(s.Name) > maxName {
		parts = append(parts, fmt.Sprintf("a name longer than %d characters", maxName))
	}
	if s.Name == v1alpha1.ManualSource {
		parts = append(parts, fmt.Sprintf("the name %s, kept for orders made by hand", v1alpha1.ManualSource))
	}
	return strings.Join(parts, ", ")
}

// CheckSecret tells whether a secret can be used by a source's scheme. The error
// does not quote the secret.
func CheckSecret(auth v1alpha1.WebhookAuth, secret []byte) error {
	return verify.CheckSecret(auth, secret)
}
