package chaos

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/zma-operator/zma-operator/hack/chaos/cut"
)

// Event is something that happens to the machinery.
type Event struct {
	At     time.Duration
	Kind   EventKind
	Target string        // a process or a link
	State  cut.State     // of a link that is cut
	For    time.Duration // how long a cut or a freeze lasts
}

// EventKind names what happens.
type EventKind string

// Kinds of events.
const (
	Kill      EventKind = "kill"      // SIGKILL, started again
	Terminate EventKind = "terminate" // SIGTERM, started again
	Freeze    EventKind = "freeze"    // SIGSTOP of the leader, SIGCONT later
	Cut       EventKind = "cut"       // a link is refused or a black hole
	Move      EventKind = "move"      // the second account names another provider account
)

// Processes and links by name.
const (
	controllerA = "controller-a"
	controllerB = "controller-b"
	webhookProc = "webhook"
	leader      = "the leader"

	linkAPI        = "API server for controllers"
	linkAPIWebhook = "API server for the webhook endpoint"
	linkDB         = "Postgres for controllers"
	linkDBWebhook  = "Postgres for the webhook endpoint"
	linkProvider   = "provider"
	linkMail       = "mail server"
)

// String is the event in words.
func (e Event) String() string {
	s := fmt.Sprintf("%6.1fs %s %s", e.At.Seconds(), e.Kind, e.Target)
	if e.Kind == Cut {
		s += " " + e.State.String()
	}
	if e.For > 0 {
		s += fmt.Sprintf(" for %.1fs", e.For.Seconds())
	}
	return s
}

// planEvents moves the account, and fills the rest of the storm with one event
// after the other.
func planEvents(r *rand.Rand) []Event {
	out := []Event{{At: moveAt, Kind: Move, Target: secondAccount}}
	kinds := deck[func() Event]{r: r, all: eventKinds(r)}
	for at := moveAt + moveRoom; at < storm; at += between(r, 800*time.Millisecond, 2200*time.Millisecond) {
		e := kinds.next()()
		e.At = at
		out = append(out, e)
	}
	return out
}

// eventKinds are the events of which a storm is made, by their weight.
func eventKinds(r *rand.Rand) []func() Event {
	main := deck[Event]{r: r, all: cuts(linkAPI, linkDB, linkProvider)}
	rest := deck[Event]{r: r, all: cuts(linkAPIWebhook, linkDBWebhook, linkMail)}
	cutOff := func(d *deck[Event]) func() Event {
		return func() Event {
			e := d.next()
			e.For = between(r, 500*time.Millisecond, 4*time.Second)
			return e
		}
	}
	end := func(kind EventKind, targets ...string) func() Event {
		return func() Event { return Event{Kind: kind, Target: targets[r.IntN(len(targets))]} }
	}
	freeze := func() Event {
		return Event{Kind: Freeze, Target: leader, For: between(r, leaseDuration+time.Second, leaseDuration+3*time.Second)}
	}
	return []func() Event{
		cutOff(&main), cutOff(&main), cutOff(&main), cutOff(&main), cutOff(&main), cutOff(&rest), freeze,
		end(Kill, controllerA), end(Kill, controllerB), end(Kill, leader), end(Kill, webhookProc), end(Terminate, controllerA, controllerB),
	}
}

// cuts of links, refused and as black holes.
func cuts(links ...string) []Event {
	var out []Event
	for _, l := range links {
		out = append(out, Event{Kind: Cut, Target: l, State: cut.Refused}, Event{Kind: Cut, Target: l, State: cut.Blackhole})
	}
	return out
}

// Leader election of the controllers, short so that a lost leader is soon
// replaced.
const (
	leaseDuration = 5 * time.Second
	renewDeadline = 4 * time.Second
	retryPeriod   = 500 * time.Millisecond
)
