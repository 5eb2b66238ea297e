package zma

import "context"

// expectation is what an order's own answers echo.
type expectation struct {
	key, identity string
	attempt       int64
}

type expectationKey struct{}

// Expect tells Get and Abort which order the request is of: the key it was sent with,
// its identity and its attempt, each of which may be left empty. Not every answer
// names its request ID. One that does not, and
// echoes another order's key or notes, is then no answer about this order but an
// unreadable one, and one is about this order only if its key or notes say so.
func Expect(ctx context.Context, key, identity string, attempt int64) context.Context {
	return context.WithValue(ctx, expectationKey{}, expectation{key: key, identity: identity, attempt: attempt})
}

// expected gives what ctx tells of the order; false when it tells nothing.
func expected(ctx context.Context) (expectation, bool) {
	e, ok := ctx.Value(expectationKey{}).(expectation)
	return e, ok
}

// names tells whether an answer names a request ID itself.
func (o *orderAnswer) names(requestID string) bool {
	_, nested := o.nested()
	return o.RequestID == requestID || nested == requestID
}

// contradicts tells whether any echo is another order's, or another attempt's.
func (e expectation) contradicts(o *orderAnswer) bool {
	differs := func(echo, want string) bool { return echo != "" && want != "" && echo != want }
	echo := o.Request
	return differs(echo.Key, e.key) || differs(echo.Notes.Key, e.key) || differs(echo.Notes.Identity, e.identity) ||
		echo.Notes.Attempt != 0 && e.attempt != 0 && echo.Notes.Attempt != e.attempt
}

// confirms tells whether an answer that does not contradict says that it is ours.
func (e expectation) confirms(o *orderAnswer) bool {
	echo := o.Request
	return !e.contradicts(o) && (echo.Key != "" || echo.Notes.Key != "" || echo.Notes.Identity != "" && echo.Notes.Attempt != 0)
}
