package zma

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// Words for what goes wrong without a code of the provider's.
const (
	codeNotSent    = "not_sent"
	codeNoAnswer   = "no_answer"
	codeUnreadable = "unreadable_answer"
	codeLimited    = "rate_limited"
	codeServer     = "server_error"
)

// Submit makes the paid call.
func (c *v1) Submit(ctx context.Context, r OrderRequest) SubmitResult {
	body, err := r.Encode()
	if err != nil {
		// Proof of this call alone, as is a refused token: an earlier call of the same
		// attempt may have been sendable.
		return SubmitResult{Verdict: Rejected, Code: "invalid_request", Class: Operator, Err: err}
	}
	result, a := c.submit(ctx, body, judge)
	if a == nil {
		return result
	}
	c.countUnknown(answerCode(a.body))
	return result
}

// submit makes the paid call of either version, once. Without an answer the result
// says whether anything may have been sent; an answer is for judge.
func (c *caller) submit(ctx context.Context, body []byte, judge func(*answer) SubmitResult) (SubmitResult, *answer) {
	a, failed := c.do(ctx, callSubmit, http.MethodPost, "/orders", body)
	if failed != nil {
		if failed.sent {
			return SubmitResult{Verdict: Unknown, Code: codeNoAnswer, Class: UnknownOutcome, Err: failed.err}, nil
		}
		return SubmitResult{Verdict: NotSent, Code: codeNotSent, Class: RetryLater, Err: failed.err}, nil
	}
	result := judge(a)
	if result.Err != nil && a.callID != "" {
		result.Err = fmt.Errorf("%w, its ID of the call %s", result.Err, a.callID)
	}
	return result, a
}

var errAnswer = errors.New("the provider's answer")

// answerCode is the code of an error object; empty for any other answer.
func answerCode(body []byte) string {
	o, err := parseOrder(body)
	if err != nil || o.Type != "error" {
		return ""
	}
	return o.code()
}

// judge tells what an answer to the paid call proves. The body counts, not the
// status: a request ID means accepted, whatever comes with it. What is not
// documented proves nothing.
func judge(a *answer) SubmitResult {
	o, err := parseOrder(a.body)
	if err == nil && o.Type != "error" && plainWord(o.RequestID) {
		return SubmitResult{Verdict: Accepted, RequestID: o.RequestID}
	}
	unknown := func(code string) SubmitResult {
		return SubmitResult{Verdict: Unknown, Code: code, Class: UnknownOutcome, RetryAfter: a.retryAfter, Err: errAnswer}
	}
	code := answerCode(a.body)
	class := classifyV1(code)
	switch {
	case hintsAtOrder(class.Class):
		return unknown(code)
	case a.status == http.StatusTooManyRequests:
		return SubmitResult{Verdict: NotSent, Code: codeLimited, Class: RetryLater, RetryAfter: a.retryAfter, Err: errAnswer}
	case a.status >= http.StatusInternalServerError:
		return unknown(codeServer)
	case a.status == http.StatusUnauthorized:
		return refusedAccount(code, "invalid_client_token")
	case a.status == http.StatusForbidden:
		return refusedAccount(code, "unauthorized_access")
	case code == "" || a.status/100 == 3:
		return unknown(codeUnreadable)
	case !class.Known || class.Class == RetryLater:
		// An undocumented code proves nothing, and a passing fault allows another
		// attempt only once it is read from the order itself.
		return unknown(code)
	}
	return rejected(code, class.Class)
}

// hintsAtOrder tells whether a code says that there may be an order already.
func hintsAtOrder(class Class) bool {
	switch class {
	case InProgress, Review, UnknownOutcome, Duplicate, CancelPending:
		return true
	}
	return false
}

// refusedAccount is the answer to a call that the account may not make. Of the
// result only the code is kept with the order, so it has to be one of the
// account's: a code of the goods would end the order, or try it again, for what
// its operator can put right.
func refusedAccount(code, otherwise string) SubmitResult {
	if Classify(code).Class != Operator {
		code = otherwise
	}
	return rejected(code, Operator)
}

func rejected(code string, class Class) SubmitResult {
	return SubmitResult{Verdict: Rejected, Code: code, Class: class, Err: errAnswer}
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
