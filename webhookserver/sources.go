package webhookserver

import (
	"context"
	"fmt"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/webhookserver/source"
)

// findSource finds the source that serves the path. The source belongs to the cache:
// it must not be changed.
func (s *Server) findSource(x *exchange) (*v1alpha1.WebhookSource, error) {
	if !s.knows(x.r.PathValue("namespace")) {
		return nil, s.inVain(x, notFound())
	}
	// A cache that is asked for the first time waits for the API server.
	ctx, cancel := context.WithTimeout(x.r.Context(), s.o.CreateTimeout)
	defer cancel()
	var list v1alpha1.WebhookSourceList
	err := s.o.Reader.List(ctx, &list,
		client.InNamespace(x.r.PathValue("namespace")), client.UnsafeDisableDeepCopy)
	if err != nil {
		return nil, unavailable(briefPause, safeCause("list sources", err))
	}
	src := source.Find(list.Items, x.r.PathValue("path"))
	if src == nil {
		return nil, s.inVain(x, notFound())
	}
	x.namespace, x.source = src.Namespace, src.Name
	return src, nil
}

// usable tells why a source takes nothing now.
func usable(src *v1alpha1.WebhookSource) error {
	if src.Spec.Suspend {
		return sourceSuspended()
	}
	if missing := source.Unsupported(src); missing != "" {
		return sourceNotReady(fmt.Errorf("not available: %s", missing))
	}
	return nil
}

// knows tells whether the cache holds a namespace. Asked for another one it would
// fail as if the API server were away, and its error quotes what was asked for.
func (s *Server) knows(namespace string) bool {
	return len(s.o.Namespaces) == 0 || slices.Contains(s.o.Namespaces, namespace)
}
