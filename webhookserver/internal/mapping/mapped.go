package mapping

import (
	"context"
	"fmt"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// Fields of a source's spec that hold expressions of its mapping.
const (
	fieldExternalID = "mapping.externalID"
	fieldOrder      = "mapping.order"
)

// maxOrders that one body may make.
const maxOrders = 50

// mapped makes native orders by the source's expressions. Each has an ID and
// passes the same decoder and the same checks as a body sent by itself, so
// nothing is ever filled in that an expression left out.
func (m *Mapper) mapped(ctx context.Context, vars map[string]any) ([]*NativeOrder, error) {
	ids, err := m.externalIDs(ctx, vars)
	if err != nil {
		return nil, err
	}
	value, err := m.order.eval(ctx, vars)
	if err != nil {
		return nil, err
	}
	objects, err := objects(value)
	if err != nil {
		return nil, err
	}
	if len(objects) != len(ids) {
		return nil, expressionError(fieldExternalID, fmt.Sprintf("yields %d IDs for %d orders", len(ids), len(objects)))
	}
	return natives(objects, ids)
}

// externalIDs are the IDs of a body's orders, in their order.
func (m *Mapper) externalIDs(ctx context.Context, vars map[string]any) ([]string, error) {
	value, err := m.externalID.eval(ctx, vars)
	if err != nil {
		return nil, err
	}
	values, err := several(value, fieldExternalID)
	if err != nil {
		return nil, err
	}
	var ids []string
	seen := map[string]bool{}
	for _, v := range values {
		id, ok := v.(types.String)
		switch {
		case !ok:
			return nil, expressionError(fieldExternalID, "must yield a string or a list of strings, not "+v.Type().TypeName())
		case id == "":
			return nil, expressionError(fieldExternalID, "yields an empty string")
		case HasCardNumber(string(id)):
			return nil, ErrCardData
		case hasNUL(string(id)):
			return nil, expressionError(fieldExternalID, detailNUL)
		case seen[string(id)]:
			return nil, expressionError(fieldExternalID, "yields the same ID for two orders")
		}
		seen[string(id)] = true
		ids = append(ids, string(id))
	}
	return ids, nil
}

func objects(value ref.Val) ([]traits.Mapper, error) {
	values, err := several(value, fieldOrder)
	if err != nil {
		return nil, err
	}
	var out []traits.Mapper
	for _, v := range values {
		o, ok := v.(traits.Mapper)
		if !ok {
			return nil, expressionError(fieldOrder, "must yield an object or a list of objects, not "+v.Type().TypeName())
		}
		out = append(out, o)
	}
	return out, nil
}

// several takes a value by itself as a list of one. An empty list is an error: a
// delivery that makes no order is for the filter to tell.
func several(value ref.Val, field string) ([]ref.Val, error) {
	list, ok := value.(traits.Lister)
	if !ok {
		return []ref.Val{value}, nil
	}
	size, known := list.Size().(types.Int)
	switch {
	case size == 0 && known:
		return nil, expressionError(field, "yields an empty list")
	case size > maxOrders || !known:
		return nil, expressionError(field, fmt.Sprintf("yields more than %d", maxOrders))
	}
	var out []ref.Val
	for it := list.Iterator(); it.HasNext() == types.True; {
		out = append(out, it.Next())
	}
	return out, nil
}
