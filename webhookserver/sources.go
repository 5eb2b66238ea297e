package webhookserver

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/webhookserver/source"
)

// defaultMaxBody of a source made before the field.
const defaultMaxBody = 256 << 10

// findSource finds the source that serves the path and may be used now. The
// source belongs to the cache: it must not be changed.
func (s *Server) findSource(x *exchange) (*v1alpha1.WebhookSource, error) {
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
		return nil, notFound()
	}
	x.namespace, x.source = src.Namespace, src.Name
	if src.Spec.Suspend {
		return nil, sourceSuspended()
	}
	if missing := source.Unsupported(src); missing != "" {
		return nil, sourceNotReady(fmt.Errorf("not available: %s", missing))
	}
	return src, nil
}

func maxBody(src *v1alpha1.WebhookSource) int64 {
	if src.Spec.MaxBodyBytes > 0 {
		return src.Spec.MaxBodyBytes
	}
	return defaultMaxBody
}
