package plugin

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/yaml"
	kjson "sigs.k8s.io/json"
	kyaml "sigs.k8s.io/yaml"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// find reads the source from the file or the cluster.
func (t *sourceTry) find(ctx context.Context) (*v1alpha1.WebhookSource, error) {
	namespace, asked, err := t.cluster.namespace()
	if err != nil {
		return nil, err
	}
	if t.file != "" {
		return t.fromFile(namespace, asked)
	}
	api, err := t.cluster.client(t.env.Err)
	if err != nil {
		return nil, err
	}
	var src v1alpha1.WebhookSource
	if err := api.Get(ctx, types.NamespacedName{Namespace: namespace, Name: t.name}, &src); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, fmt.Errorf("there is no WebhookSource %s in namespace %s", t.name, namespace)
		}
		return nil, fmt.Errorf("get WebhookSource %s: %w", t.name, err)
	}
	return &src, nil
}

// fromFile finds the source by its name among the file's objects. Its namespace
// is the file's own, else the one that kubectl apply would put it in.
func (t *sourceTry) fromFile(namespace string, asked bool) (*v1alpha1.WebhookSource, error) {
	raw, err := readFile(t.env.In, t.file, maxManifest)
	if err != nil {
		return nil, err
	}
	found, err := sourcesIn(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.file, err)
	}
	for _, src := range found {
		switch {
		case src.Name != t.name:
			continue
		case src.Namespace == "":
			src.Namespace = namespace
		case asked && src.Namespace != namespace:
			return nil, fmt.Errorf("%s: the source is of namespace %s, not %s", t.file, src.Namespace, namespace)
		}
		return src, nil
	}
	return nil, fmt.Errorf("%s holds no WebhookSource %s", t.file, t.name)
}

// sourcesIn decodes the sources among a file's objects as strictly as the API
// server would: a field that is misspelt would be tried without.
func sourcesIn(raw []byte) ([]*v1alpha1.WebhookSource, error) {
	var out []*v1alpha1.WebhookSource
	for documents := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(raw))); ; {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		var kind metav1.TypeMeta
		if err := kyaml.Unmarshal(document, &kind); err != nil {
			return nil, err
		}
		if kind.GroupVersionKind() != v1alpha1.GroupVersion.WithKind("WebhookSource") {
			continue
		}
		src, err := decodeSource(document)
		if err != nil {
			return nil, err
		}
		out = append(out, src)
	}
}

func decodeSource(document []byte) (*v1alpha1.WebhookSource, error) {
	raw, err := kyaml.YAMLToJSONStrict(document)
	if err != nil {
		return nil, err
	}
	src := &v1alpha1.WebhookSource{}
	strict, err := kjson.UnmarshalStrict(raw, src)
	return src, errors.Join(append(strict, err)...)
}

// warn says what keeps the endpoint from serving the source, as far as it shows.
func (t *sourceTry) warn(src *v1alpha1.WebhookSource) error {
	if src.Spec.Suspend {
		return t.note("note: the source is suspended; the endpoint answers 503")
	}
	ready := meta.FindStatusCondition(src.Status.Conditions, v1alpha1.ConditionReady)
	if ready != nil && ready.Status == metav1.ConditionFalse && ready.ObservedGeneration == src.Generation {
		return t.note("note: the source is not ready: %s: %s", ready.Reason, ready.Message)
	}
	return nil
}
