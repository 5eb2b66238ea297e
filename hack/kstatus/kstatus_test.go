package kstatus

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

func at(minute int) metav1.Time {
	return metav1.Date(2026, 3, 1, 12, minute, 0, 0, time.UTC)
}

func newOrder() *v1alpha1.ZMAOrder {
	return &v1alpha1.ZMAOrder{
		ObjectMeta: metav1.ObjectMeta{Name: "o", Namespace: "shop", Generation: 2},
		Status:     v1alpha1.ZMAOrderStatus{ObservedGeneration: -1},
	}
}

func conditionOf(typ string, status metav1.ConditionStatus, reason string) metav1.Condition {
	return metav1.Condition{Type: typ, Status: status, Reason: reason, ObservedGeneration: 2, LastTransitionTime: at(0)}
}

// observed is an order of generation 2 whose status speaks of it.
func observed(conditions ...metav1.Condition) *v1alpha1.ZMAOrder {
	o := newOrder()
	o.Status.ObservedGeneration = o.Generation
	o.Status.Conditions = conditions
	return o
}

func edit(o *v1alpha1.ZMAOrder, change func(*v1alpha1.ZMAOrder)) *v1alpha1.ZMAOrder {
	change(o)
	return o
}

func placed() *v1alpha1.ZMAOrder {
	return observed(conditionOf("Ready", "True", v1alpha1.ReasonPlaced))
}

func processing() *v1alpha1.ZMAOrder {
	return observed(
		conditionOf("Ready", "False", v1alpha1.ReasonProcessing),
		conditionOf("Reconciling", "True", v1alpha1.ReasonProcessing),
	)
}

func denied() *v1alpha1.ZMAOrder {
	return observed(
		conditionOf("Ready", "False", v1alpha1.ReasonDenied),
		conditionOf("Stalled", "True", v1alpha1.ReasonDenied),
	)
}

func submission(state v1alpha1.SubmissionState) *v1alpha1.Submission {
	return &v1alpha1.Submission{
		Attempt:        1,
		IdempotencyKey: "3f0f8a4e-6d0e-5d0c-9c43-0d4b1a7f2e11",
		State:          state,
		RequestID:      "req-1",
		ErrorCode:      "invalid_address",
	}
}

func withSubmission(change func(*v1alpha1.Submission), state v1alpha1.SubmissionState) *v1alpha1.ZMAOrder {
	o := processing()
	o.Status.Submission = submission(state)
	change(o.Status.Submission)
	return o
}

func TestCheckOrderTakesWhatConforms(t *testing.T) {
	same := func(*v1alpha1.Submission) {}
	cases := []struct {
		reason string
		order  *v1alpha1.ZMAOrder
	}{
		{"an order that nobody has seen", newOrder()},
		{"a placed order", placed()},
		{"an order under way", processing()},
		{"a denied order", denied()},
		{"an edited order whose new generation is still to be seen",
			edit(denied(), func(o *v1alpha1.ZMAOrder) { o.Generation = 3 })},
		{"a condition that was not looked at again", edit(processing(), func(o *v1alpha1.ZMAOrder) {
			o.Status.Conditions = append(o.Status.Conditions, metav1.Condition{
				Type: v1alpha1.ConditionValidated, Status: "True", Reason: v1alpha1.ReasonSucceeded, ObservedGeneration: 1})
		})},
		{"explicit False beside Ready", observed(
			conditionOf("Ready", "True", v1alpha1.ReasonShipped),
			conditionOf("Reconciling", "False", v1alpha1.ReasonSucceeded),
			conditionOf("Stalled", "False", v1alpha1.ReasonSucceeded))},
		{"an intended submission without a request ID", withSubmission(func(s *v1alpha1.Submission) {
			s.RequestID, s.ErrorCode = "", ""
		}, v1alpha1.SubmissionIntended)},
		{"an accepted submission", withSubmission(same, v1alpha1.SubmissionAccepted)},
		{"a rejected submission", withSubmission(same, v1alpha1.SubmissionRejected)},
		{"an unsent submission", withSubmission(same, v1alpha1.SubmissionNotSent)},
		{"an unknown submission", withSubmission(same, v1alpha1.SubmissionUnknown)},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			if err := CheckOrder(tc.order); err != nil {
				t.Errorf("CheckOrder: %v", err)
			}
		})
	}
}

func TestCheckOrderFindsEachBreach(t *testing.T) {
	cases := []struct {
		reason string
		order  *v1alpha1.ZMAOrder
		want   string
	}{
		{"both under way and stuck", observed(
			conditionOf("Ready", "False", v1alpha1.ReasonProcessing),
			conditionOf("Reconciling", "True", v1alpha1.ReasonProcessing),
			conditionOf("Stalled", "True", v1alpha1.ReasonDenied)), "both Reconciling and Stalled"},
		{"ready and under way", observed(
			conditionOf("Ready", "True", v1alpha1.ReasonPlaced),
			conditionOf("Reconciling", "True", v1alpha1.ReasonProcessing)), "both Ready and Reconciling are True"},
		{"ready and stuck", observed(
			conditionOf("Ready", "True", v1alpha1.ReasonPlaced),
			conditionOf("Stalled", "True", v1alpha1.ReasonDenied)), "both Ready and Stalled are True"},
		{"not ready, and nobody says why", observed(conditionOf("Ready", "False", v1alpha1.ReasonProcessing)),
			"none of Ready, Reconciling and Stalled is True"},
		{"unknown, and nobody says why", observed(conditionOf("Ready", "Unknown", v1alpha1.ReasonProcessing)),
			"none of Ready, Reconciling and Stalled is True"},
		{"observed without Ready", observed(conditionOf("Reconciling", "True", v1alpha1.ReasonProcessing)),
			"there is no condition Ready"},
		{"observed without any condition", observed(), "there is no condition Ready"},
		{"a generation that does not exist yet", edit(placed(), func(o *v1alpha1.ZMAOrder) { o.Status.ObservedGeneration = 3 }),
			"observedGeneration 3 is beyond generation 2"},
		{"a condition newer than the status", edit(placed(), func(o *v1alpha1.ZMAOrder) { o.Status.ObservedGeneration = 1 }),
			"speaks of generation 2, the status of 1"},
		{"a reason outside the closed list", observed(conditionOf("Ready", "True", "Fine")), "not in the closed list"},
		{"success with a reason of progress", observed(conditionOf("Ready", "True", v1alpha1.ReasonProcessing)), "not one of success"},
		{"progress with a reason of stalling", edit(processing(), func(o *v1alpha1.ZMAOrder) {
			o.Status.Conditions[0].Reason = v1alpha1.ReasonDenied
		}), "not one of progress"},
		{"a stall with a reason of progress", edit(denied(), func(o *v1alpha1.ZMAOrder) {
			o.Status.Conditions[0].Reason = v1alpha1.ReasonProcessing
		}), "not one of stalling"},
		{"an unknown condition type", edit(placed(), func(o *v1alpha1.ZMAOrder) {
			o.Status.Conditions = append(o.Status.Conditions, conditionOf("Happy", "True", v1alpha1.ReasonSucceeded))
		}), `condition type "Happy"`},
		{"a condition twice", edit(placed(), func(o *v1alpha1.ZMAOrder) {
			o.Status.Conditions = append(o.Status.Conditions, o.Status.Conditions[0])
		}), "occurs twice"},
		{"a condition without a status", edit(placed(), func(o *v1alpha1.ZMAOrder) {
			o.Status.Conditions = append(o.Status.Conditions, conditionOf("Placed", "", v1alpha1.ReasonSucceeded))
		}), `condition Placed has status ""`},
		{"a condition without a reason", edit(placed(), func(o *v1alpha1.ZMAOrder) {
			o.Status.Conditions = append(o.Status.Conditions, conditionOf("Placed", "True", ""))
		}), "condition Placed has no reason"},
		{"a message that is a page", edit(placed(), func(o *v1alpha1.ZMAOrder) {
			o.Status.Conditions[0].Message = strings.Repeat("x", maxMessage+1)
		}), "message of 1025 characters"},
		{"too long a history", edit(placed(), func(o *v1alpha1.ZMAOrder) {
			for range maxHistory + 1 {
				o.Status.History = append(o.Status.History, v1alpha1.Transition{At: at(0), Reason: v1alpha1.ReasonPlaced})
			}
		}), "history has 21 entries"},
		{"a history that goes back", edit(placed(), func(o *v1alpha1.ZMAOrder) {
			o.Status.History = []v1alpha1.Transition{
				{At: at(2), Reason: v1alpha1.ReasonProcessing}, {At: at(1), Reason: v1alpha1.ReasonPlaced}}
		}), "history goes back in time"},
		{"a history with a reason of its own", edit(placed(), func(o *v1alpha1.ZMAOrder) {
			o.Status.History = []v1alpha1.Transition{{At: at(1), Reason: "Fine"}, {At: at(2), Reason: v1alpha1.ReasonPlaced}}
		}), `reason "Fine" in history`},
		{"a history that missed the last change", edit(placed(), func(o *v1alpha1.ZMAOrder) {
			o.Status.History = []v1alpha1.Transition{{At: at(1), Reason: v1alpha1.ReasonProcessing}}
		}), `history ends with "Processing"`},
		{"accepted without a request ID", withSubmission(func(s *v1alpha1.Submission) { s.RequestID = "" },
			v1alpha1.SubmissionAccepted), "no requestID"},
		{"rejected without an error code", withSubmission(func(s *v1alpha1.Submission) { s.ErrorCode = "" },
			v1alpha1.SubmissionRejected), "no errorCode"},
		{"an attempt before the first", withSubmission(func(s *v1alpha1.Submission) { s.Attempt = 0 },
			v1alpha1.SubmissionIntended), "attempt 0"},
		{"a submission without a key", withSubmission(func(s *v1alpha1.Submission) { s.IdempotencyKey = "" },
			v1alpha1.SubmissionIntended), "a key of 0 characters"},
		{"a submission in no state", withSubmission(func(*v1alpha1.Submission) {}, "Lost"), `state "Lost"`},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			err := CheckOrder(tc.order)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("CheckOrder says %v, want %q", err, tc.want)
			}
		})
	}
}

func TestCheckOrderReturnsAllBreaches(t *testing.T) {
	o := observed(conditionOf("Happy", "Maybe", ""))
	err := CheckOrder(o)
	for _, want := range []string{`type "Happy"`, `status "Maybe"`, "no reason", "no condition Ready"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("CheckOrder says %v, want also %q", err, want)
		}
	}
}
