package oracle

import "time"

// Evidence is what is known after a run.
type Evidence struct {
	// Namespace of the sources.
	Namespace string
	// Deliveries are all webhooks, with every try.
	Deliveries []Delivery
	// Objects are all orders that exist.
	Objects []Object
	// Rows of the delivery log.
	Rows []Row
	// Dropped rows that the replicas have counted.
	Dropped int
	// Kills of replicas.
	Kills []Kill
	// Leaks are private words that the replicas' logs hold.
	Leaks []string
	// Limits by source; a source without one is not judged by it.
	Limits map[string]Limit
}

// Delivery is one webhook that a sender has to bring to an end.
type Delivery struct {
	// Source that it is for, and the order's ID there.
	Source, ExternalID string
	// Content of the order, by ContentOf.
	Content string
	// Refusal that it has to get; it has to be taken when zero.
	Refusal Refusal
	// Tries in their order.
	Tries []Try
	// GaveUp tells that the sender's patience ended.
	GaveUp bool
}

// Refusal is a final answer.
type Refusal struct {
	// Status and the last part of the problem's type.
	Status  int
	Problem string
}

// Try is one request.
type Try struct {
	// RequestID that the sender has chosen, and the one in the answer.
	RequestID, Echo string
	// Replica that it was sent to.
	Replica string
	// Sent and Answered; the latter is when the sender gave up when there is no
	// answer.
	Sent, Answered time.Time
	// Status of the answer; 0 when there was none, and Trouble says why.
	Status  int
	Trouble string
	// RetryAfter is the answer's header.
	RetryAfter string
	// Order and Namespace in the body of an acceptance, Problem in that of a
	// refusal.
	Order, Namespace, Problem string
}

// Object is an order in the API server.
type Object struct {
	// Name of the object, and the sender's ID in it.
	Name, Source, ExternalID string
	// Created by the API server's clock, in whole seconds.
	Created time.Time
	// Content of the order, by ContentOf.
	Content string
}

// Row of the delivery log.
type Row struct {
	// RequestID, Order and Status that it tells.
	RequestID, Order string
	Status           int
}

// Kill of a replica by SIGKILL.
type Kill struct {
	// Replica and time.
	Replica string
	At      time.Time
}

// Limit of a source, and how far replicas may exceed it together: each has the
// burst, and learns of the others only after a while.
type Limit struct {
	PerMinute, Burst int
	Replicas         int
	Slack            time.Duration
}

// Last try of the delivery; an empty one when there is none.
func (d Delivery) Last() Try {
	if len(d.Tries) == 0 {
		return Try{}
	}
	return d.Tries[len(d.Tries)-1]
}

// taken tells whether a status says that the order is stored.
func taken(status int) bool { return status == 202 || status == 200 }
