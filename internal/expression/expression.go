// Package expression holds the bounds under which CEL is evaluated here. Who
// writes an expression is trusted to configure the product, not to stop it; who
// sends what it is evaluated over is trusted with neither.
package expression

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"
)

// Bounds of one evaluation, those of the API server for one call of an
// expression.
const (
	costLimit      = 1_000_000
	interruptEvery = 100
	evaluationTime = 100 * time.Millisecond
)

var (
	// ErrInterrupted means that time ran out or the context ended. It says nothing
	// of the expression: on an idle machine the same evaluation may succeed.
	ErrInterrupted = errors.New("evaluation was interrupted")
	// ErrTooCostly means that the evaluation exceeded the cost limit, as it will
	// the next time.
	ErrTooCostly = errors.New("evaluation costs too much")
)

// Program plans a checked expression under the bounds.
func Program(env *cel.Env, ast *cel.Ast, more ...cel.ProgramOption) (cel.Program, error) {
	options := []cel.ProgramOption{
		cel.CostLimit(costLimit),
		cel.CostTracking(comparisonCost{}),
		cel.InterruptCheckFrequency(interruptEvery),
		cel.CustomDecoratorV2(boundComparisons),
	}
	program, err := env.Program(ast, append(options, more...)...)
	if err != nil {
		return nil, fmt.Errorf("plan expression: %w", err)
	}
	return program, nil
}

// Eval evaluates a program for 100 milliseconds at most. An error is
// ErrInterrupted, ErrTooCostly, or the expression's own.
func Eval(ctx context.Context, program cel.Program, variables any) (ref.Val, error) {
	ctx, cancel := context.WithTimeout(ctx, evaluationTime)
	defer cancel()
	value, _, err := program.ContextEval(ctx, variables)
	var cancelled interpreter.EvalCancelledError
	switch {
	case errors.Is(err, interpreter.InterruptError{}):
		return nil, fmt.Errorf("%w: %w", ErrInterrupted, context.Cause(ctx))
	case errors.As(err, &cancelled) && cancelled.Cause == interpreter.CostLimitExceeded:
		return nil, ErrTooCostly
	case errors.As(err, &cancelled):
		return nil, fmt.Errorf("%w: %w", ErrInterrupted, cancelled)
	}
	return value, err
}
