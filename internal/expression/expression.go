// Package expression holds the bounds under which CEL is evaluated here. Who
// writes an expression is trusted to configure the product, not to stop it; who
// sends what it is evaluated over is trusted with neither.
package expression

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"
)

// Bounds of one evaluation. On a machine that is not busy the cost limit is reached
// within a tenth of the time.
const (
	costLimit      = 250_000
	interruptEvery = 1
	evaluationTime = time.Second
)

var (
	// ErrInterrupted means that time ran out or the context ended. It says nothing
	// of the expression: on an idle machine the same evaluation may succeed.
	ErrInterrupted = errors.New("evaluation was interrupted")
	// ErrTooCostly means that the evaluation exceeded the cost limit, as it will
	// the next time.
	ErrTooCostly = errors.New("evaluation costs too much")
)

// Program plans a checked expression under the bounds. Decorators among the
// options come first, so that what they put in place is bounded too.
func Program(env *cel.Env, ast *cel.Ast, more ...cel.ProgramOption) (cel.Program, error) {
	options := append(more,
		cel.InterruptCheckFrequency(interruptEvery),
		cel.CustomDecoratorV2(bound(env)),
	)
	program, err := env.Program(ast, options...)
	if err != nil {
		return nil, fmt.Errorf("plan expression: %w", err)
	}
	return program, nil
}

// Eval evaluates a program for a second at most. An error is
// ErrInterrupted, ErrTooCostly, or the expression's own.
func Eval(ctx context.Context, program cel.Program, variables map[string]any) (ref.Val, error) {
	ctx, cancel := context.WithTimeout(ctx, evaluationTime)
	defer cancel()
	metered := map[string]any{meterName: &meter{ended: ctx.Done()}}
	maps.Copy(metered, variables)
	value, _, err := program.ContextEval(ctx, metered)
	var cancelled interpreter.EvalCancelledError
	switch {
	case errors.Is(err, interpreter.InterruptError{}):
		return nil, fmt.Errorf("%w: %w", ErrInterrupted, context.Cause(ctx))
	case errors.As(err, &cancelled) && cancelled.Cause == interpreter.CostLimitExceeded:
		return nil, ErrTooCostly
	case errors.As(err, &cancelled):
		return nil, fmt.Errorf("%w: %w", ErrInterrupted, context.Cause(ctx))
	}
	return value, err
}
