package proxy

import (
	"encoding/json"
	"slices"
)

// order is what tells the writes of an order's status apart.
type order struct {
	Status struct {
		Submission *struct {
			State string `json:"state"`
		} `json:"submission"`
		Placement *struct{} `json:"placement"`
		Cost      struct {
			RefundedCents int64 `json:"refundedCents"`
		} `json:"cost"`
		Recovery struct {
			LastHandledRequest string `json:"lastHandledRequest"`
		} `json:"recovery"`
		Conditions []struct {
			Type   string `json:"type"`
			Status string `json:"status"`
			Reason string `json:"reason"`
		} `json:"conditions"`
	} `json:"status"`
}

// statusWrite names the write of an order's status by what is new in it.
func statusWrite(w Write) string {
	var is, was order
	if json.Unmarshal(w.Body, &is) != nil {
		return unnamed
	}
	if w.Last != nil && json.Unmarshal(w.Last, &was) != nil {
		return unnamed
	}
	switch {
	case is.Status.Recovery.LastHandledRequest != was.Status.Recovery.LastHandledRequest:
		return Recovery
	case is.Status.Placement != nil:
		return is.afterPlacement(was)
	case is.Status.Submission == nil:
		return is.endOr(Hold)
	}
	return is.beforePlacement(was)
}

func (o order) beforePlacement(was order) string {
	if o.reason() == "Cancelling" {
		return AbortNote
	}
	switch state := o.Status.Submission.State; {
	case state == "Intended":
		return Intent
	case state == "Accepted" && was.state() != "Accepted":
		return Outcome
	case state == "NotSent":
		return Unsent
	case state == "Rejected" && o.isTrue("FundsReserved"):
		return Refusal
	case state == "Rejected":
		return o.endOr(Failure)
	case state == "Unknown" && was.state() != "Unknown":
		return UnknownOutcome
	}
	return Hold
}

func (o order) afterPlacement(was order) string {
	switch reason := o.reason(); {
	case reason == "Cancelling":
		return CancellationNote
	case reason == "CancelledAfterPlacement" || reason == "CancelledByRetailer":
		if was.reason() == reason && o.Status.Cost.RefundedCents != was.Status.Cost.RefundedCents {
			return RefundNote
		}
		return Cancelled
	case o.isTrue("Ready") && !was.isTrue("Ready"):
		return Placement
	case o.isTrue("Ready"):
		return Tracking
	}
	return Hold
}

// endOr is End when the order has ended without a purchase.
func (o order) endOr(otherwise string) string {
	if slices.Contains([]string{"Cancelled", "Rejected", "Denied", "Invalid"}, o.reason()) {
		return End
	}
	return otherwise
}

func (o order) state() string {
	if o.Status.Submission == nil {
		return ""
	}
	return o.Status.Submission.State
}

// reason of the condition Ready.
func (o order) reason() string {
	for _, c := range o.Status.Conditions {
		if c.Type == "Ready" {
			return c.Reason
		}
	}
	return ""
}

func (o order) isTrue(condition string) bool {
	for _, c := range o.Status.Conditions {
		if c.Type == condition {
			return c.Status == "True"
		}
	}
	return false
}
