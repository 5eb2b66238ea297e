package zma

import (
	"context"
	"errors"
	"net/http"
)

// codeExists is version 2's answer to a key that it has an order for.
const codeExists = "already_exists"

// Submit makes the paid call.
func (c *v2) Submit(ctx context.Context, r OrderRequest) SubmitResult {
	body, err := r.encodeV2()
	if err != nil {
		return unsendable(err)
	}
	result, a := c.submit(ctx, body, judgeV2)
	if a == nil {
		return result
	}
	if result.Verdict != Accepted {
		c.countUnknown(parseV2Fault(a.body).code)
	}
	return result
}

// unsendable is the answer to a request that was not made. It is proof of this
// call alone, as in version 1.
func unsendable(err error) SubmitResult {
	code := "invalid_request"
	if errors.Is(err, errShipping) {
		code = "invalid_shipping_method"
	}
	return SubmitResult{Verdict: Rejected, Code: code, Class: Operator, Err: err}
}

// judgeV2 tells what an answer to the paid call proves. A key that has an order is
// answered with 409, and by the order's notes it is found; whatever is not
// documented proves nothing.
func judgeV2(a *answer) SubmitResult {
	fault := parseV2Fault(a.body)
	code := fault.code
	class := Classify(code)
	unknown := func(code string) SubmitResult {
		return SubmitResult{Verdict: Unknown, Code: code, Class: UnknownOutcome, RetryAfter: a.retryAfter, Err: errAnswer}
	}
	switch {
	case a.status/100 == 2:
		if o, err := parseV2Order(a.body); err == nil && code == "" && plainWord(o.ID) {
			return SubmitResult{Verdict: Accepted, RequestID: o.ID}
		}
		return unknown(firstOf(code, codeUnreadable))
	case a.status == http.StatusConflict:
		return unknown(firstOf(code, codeExists))
	case hintsAtOrder(class.Class):
		return unknown(code)
	case a.status == http.StatusTooManyRequests:
		return SubmitResult{Verdict: NotSent, Code: codeLimited, Class: RetryLater, RetryAfter: a.retryAfter, Err: errAnswer}
	case a.status >= http.StatusInternalServerError:
		return unknown(codeServer)
	case a.status == http.StatusUnauthorized:
		return refusedAccount(code, "unauthorized")
	case a.status == http.StatusForbidden:
		return refusedAccount(code, "forbidden")
	case a.status == http.StatusPaymentRequired:
		return refusedOnce(fundsCode(code))
	case code == "" || a.status/100 != 4:
		return unknown(codeUnreadable)
	case !class.Known || class.Class == RetryLater:
		return unknown(code)
	case class.Class == OurFault && fault.aboutAddress():
		return refusedOnce("invalid_address")
	}
	return refusedOnce(code)
}

// refusedOnce is a documented refusal. Version 1 answers a key for ever as it did
// at first; version 2 has no such promise, and nothing says that it looks at the
// key before it looks at the wallet. An order whose answer was lost has its
// maximum price reserved, so that its own repeat may be refused for lack of
// funds. So, as with a refused token, this proves something of this call alone.
func refusedOnce(code string) SubmitResult { return rejected(code, Operator) }

// fundsCode is the code of a 402: the provider's own if it is one of money.
func fundsCode(code string) string {
	switch class := Classify(code); {
	case code == "" || class.Class == AwaitFunds:
		return firstOf(code, "insufficient_funds")
	case class.Class == Operator:
		return code
	}
	return "payment_required"
}
