package mapping

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"github.com/zma-operator/zma-operator/internal/expression"
)

// eval evaluates an expression over one delivery. An error that a repetition may
// not have is none of the sender's: it is not an *ExpressionError, so that the
// sender is told to send again.
func (c *compiled) eval(ctx context.Context, variables map[string]any) (ref.Val, error) {
	value, err := expression.Eval(ctx, c.program, variables)
	switch {
	case errors.Is(err, expression.ErrInterrupted):
		return nil, fmt.Errorf("%s: %w", c.field, err)
	case errors.Is(err, expression.ErrTooCostly):
		return nil, expressionError(c.field, "costs more than an expression may")
	case err != nil:
		return nil, expressionError(c.place(err), err.Error())
	}
	return value, nil
}

// place of an error: the expression, line and column.
func (c *compiled) place(err error) string {
	var e *types.Err
	if !errors.As(err, &e) || e.NodeID() == 0 {
		return c.field
	}
	at := c.ast.NativeRep().SourceInfo().GetStartLocation(e.NodeID())
	if at.Line() < 1 {
		return c.field
	}
	return fmt.Sprintf("%s:%d:%d", c.field, at.Line(), at.Column()+1)
}
