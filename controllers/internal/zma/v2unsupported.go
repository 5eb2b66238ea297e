package zma

import "context"

// notInV2 is the error of calls that version 2 does not have, or does not
// document well enough to be made.
func notInV2(call string) error { return &CallError{Call: call, Kind: KindUnsupported} }

// Retry is not there: another order of the same goods is another Submit, with
// another key.
func (c *v2) Retry(context.Context, string, string) (string, error) { return "", notInV2(callRetry) }

// Cancel is not there for what is placed: only the retailer cancels then.
func (c *v2) Cancel(context.Context, string, string) (string, error) { return "", notInV2(callCancel) }

// Cancellation is not there: Abort is decided at once.
func (c *v2) Cancellation(context.Context, string) (Cancellation, error) {
	return Cancellation{}, notInV2(callCancellation)
}

// Case is not there.
func (c *v2) Case(context.Context, string) (Case, error) { return Case{}, notInV2(callCase) }

// OpenCase is not there.
func (c *v2) OpenCase(context.Context, string, string, string) (Case, error) {
	return Case{}, notInV2(callOpenCase)
}

// Return is not made: what its call takes is not in the provider's documentation.
func (c *v2) Return(context.Context, string, ReturnRequest) (string, error) {
	return "", notInV2(callReturn)
}

// Returned is not read, since no return is made.
func (c *v2) Returned(context.Context, string) (Return, error) {
	return Return{}, notInV2(callReturned)
}

// Transactions are not there: the wallet shows its balance alone.
func (c *v2) Transactions(context.Context, int, int) ([]Transaction, error) {
	return nil, notInV2(callTransactions)
}
