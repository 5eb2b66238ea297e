package mapping

import (
	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/ext"
)

// Names of the variables.
const (
	bodyVariable    = "body"
	headersVariable = "headers"
)

// maxExpression is the longest expression of a source; its schema says the same.
const maxExpression = 8192

// environment is what expressions may use. No clock and no chance: a body that is
// delivered again must make the same order. Left out of CEL's extensions is what
// takes long or much memory before its cost is counted: of strings nearly all
// (see functions), lists and sets entirely.
func environment() (*cel.Env, error) {
	options := []cel.EnvOption{
		cel.Variable(bodyVariable, cel.DynType),
		cel.Variable(headersVariable, cel.MapType(cel.StringType, cel.StringType)),
		cel.OptionalTypes(), optionalMacros(), ext.Bindings(),
		cel.DefaultUTCTimeZone(true),
		cel.ParserExpressionSizeLimit(maxExpression),
	}
	for _, f := range functions() {
		options = append(options, f.declare())
	}
	return cel.NewEnv(options...)
}
