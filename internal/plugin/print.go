package plugin

import (
	"encoding/json"
	"fmt"
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kyaml "sigs.k8s.io/yaml"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// writer prints orders.
type writer func(io.Writer, []*v1alpha1.ZMAOrder) error

func writerOf(form string) (writer, error) {
	switch form {
	case "yaml":
		return writeYAML, nil
	case "json":
		return writeJSON, nil
	}
	return nil, fmt.Errorf("--output %q is not yaml or json", form)
}

// writeYAML prints one document for each order.
func writeYAML(out io.Writer, orders []*v1alpha1.ZMAOrder) error {
	for i, order := range orders {
		raw, err := kyaml.Marshal(typed(order))
		if err != nil {
			return err
		}
		separator := "---\n"
		if i == 0 {
			separator = ""
		}
		if _, err := fmt.Fprintf(out, "%s%s", separator, raw); err != nil {
			return err
		}
	}
	return nil
}

// orderList is what kubectl prints of several objects.
type orderList struct {
	metav1.TypeMeta `json:",inline"`
	Items           []*v1alpha1.ZMAOrder `json:"items"`
}

// writeJSON prints one order, or a list of several.
func writeJSON(out io.Writer, orders []*v1alpha1.ZMAOrder) error {
	list := orderList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "List"}}
	for _, order := range orders {
		list.Items = append(list.Items, typed(order))
	}
	var value any = list
	if len(orders) == 1 {
		value = list.Items[0]
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// typed is the order with its kind, which objects made in Go lack.
func typed(o *v1alpha1.ZMAOrder) *v1alpha1.ZMAOrder {
	o = o.DeepCopy()
	o.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("ZMAOrder"))
	return o
}
