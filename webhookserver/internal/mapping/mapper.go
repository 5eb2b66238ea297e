package mapping

import (
	"context"
	"fmt"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// Mapper makes orders of the deliveries of one source. It is safe for concurrent
// use.
type Mapper struct {
	src *v1alpha1.WebhookSource
	// filter, externalID and order are nil when the source has none.
	filter, externalID, order *compiled
}

// Compile prepares a source. The error is a *CompileError when an expression is
// wrong. A source without a mapping takes the native body.
func Compile(src *v1alpha1.WebhookSource) (*Mapper, error) {
	m := &Mapper{src: src.DeepCopy()}
	if src.Spec.EventFilter == "" && src.Spec.Mapping == nil {
		return m, nil
	}
	env, err := environment()
	if err != nil {
		return nil, fmt.Errorf("prepare expressions: %w", err)
	}
	return m, m.compile(env)
}

func (m *Mapper) compile(env *cel.Env) error {
	var err error
	if filter := m.src.Spec.EventFilter; filter != "" {
		if m.filter, err = compile(env, "eventFilter", filter, aBool()); err != nil {
			return err
		}
	}
	mapping := m.src.Spec.Mapping
	if mapping == nil {
		return nil
	}
	if m.externalID, err = compile(env, fieldExternalID, mapping.ExternalID, aTextOrTexts()); err != nil {
		return err
	}
	m.order, err = compile(env, fieldOrder, mapping.Order, anObjectOrObjects())
	return err
}

// Orders makes the orders of a delivery: one of a native body, one or several by
// a mapping. None is made when a part is wrong. Errors are ErrCardData, a
// *BodyError, ErrIgnored or an *ExpressionError, which the sender has to know of;
// any other may be gone when the delivery is repeated.
func (m *Mapper) Orders(ctx context.Context, in Input) ([]*v1alpha1.ZMAOrder, error) {
	depth := nativeDepth
	if m.order != nil {
		depth = mappedDepth
	}
	body, err := inspect(in.Body, depth, m.filter != nil || m.order != nil)
	if err != nil {
		return nil, err
	}
	natives, err := m.natives(ctx, in, body)
	if err != nil {
		return nil, err
	}
	orders := make([]*v1alpha1.ZMAOrder, 0, len(natives))
	for _, n := range natives {
		order, err := Order(m.src, n, in)
		if err != nil {
			return nil, err
		}
		orders = append(orders, order)
	}
	return orders, nil
}

func (m *Mapper) natives(ctx context.Context, in Input, body ref.Val) ([]*NativeOrder, error) {
	vars := variables(body, in.Header, m.src.Spec.Auth)
	if err := m.wanted(ctx, vars); err != nil {
		return nil, err
	}
	if m.order != nil {
		return m.mapped(ctx, vars)
	}
	n, err := decodeWhole(in.Body)
	if err != nil {
		return nil, err
	}
	return []*NativeOrder{n}, nil
}

// wanted asks the filter. One that can't be evaluated lets nothing pass, and
// nothing go by in silence either.
func (m *Mapper) wanted(ctx context.Context, vars map[string]any) error {
	if m.filter == nil {
		return nil
	}
	value, err := m.filter.eval(ctx, vars)
	if err != nil {
		return err
	}
	switch value {
	case types.True:
		return nil
	case types.False:
		return ErrIgnored
	}
	return expressionError(m.filter.field, "must yield true or false")
}
