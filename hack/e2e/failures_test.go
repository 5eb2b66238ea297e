package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/zma-operator/zma-operator/hack/stack"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// never is one fault of the page of what must never happen again, by its number
// there, and a try to bring it about.
type never struct {
	number int
	name   string
	room   room
	try    func(*scene)
}

// Where faults are tried.
const (
	calm    = "in a calm house"
	crowded = "with two operators at once"
	killed  = "with an operator that is killed"
)

// places lists the faults by where they are tried.
func places() map[string][]never {
	return map[string][]never{
		calm: slices.Concat(boughtTwice(), forgotten(), events()),
		crowded: {
			{number: 3, name: "two sweeps resubmit the same orders", try: twoSweeps},
			{number: 4, name: "every trigger fires for one order", try: everyTrigger, room: room{sim: zmasim.Options{Processing: time.Second}}},
		},
		killed: {
			{number: 6, name: "a paid order has no request ID", try: noRequestID},
			{number: 7, name: "an old order is not polled", try: oldOrder},
			{number: 13, name: "the write after the acceptance fails", try: acceptanceNotWritten},
		},
	}
}

func boughtTwice() []never {
	return []never{
		{number: 1, name: "the key is not where the provider looks", try: keyInTheBody, room: room{sim: zmasim.Options{V2: true}}},
		{number: 2, name: "a repeat carries another key", try: repeatIsTheSame},
		{number: 5, name: "a doubtful order or payment is made again", try: doubtIsNotFailure, room: room{stripe: true}},
	}
}

func forgotten() []never {
	return []never{
		{number: 8, name: "work in progress is stored as failed", try: slowIsNotFailed, room: room{sim: zmasim.Options{Processing: 400 * time.Millisecond}}},
		{number: 9, name: "counters are lost or stick", try: countersLast},
		{number: 10, name: "recovery by hand does nothing and says it worked", try: handsTellTheTruth},
		{number: 11, name: "held for funds until somebody looks", try: fundsRelease},
		{number: 12, name: "no payment to verify and a refusal that looks like success", try: whatCountsAsAccepted, room: room{sim: zmasim.Options{Switches: zmasim.Switches{ValidationStatus: 200}}}},
	}
}

func events() []never {
	return []never{
		{number: 14, name: "a second tracking update is taken for the first", try: everyParcelCounts, room: room{poll: time.Hour}},
		{number: 15, name: "a stranger reports news", try: strangersAreRefused, room: room{poll: time.Hour}},
		{number: 16, name: "late or unknown news move an order", try: newsMoveForwardOnly},
		{number: 17, name: "the order is not the one that was signed", try: theSignedBodyAlone},
		{number: 18, name: "the answer does not tell what is stored", try: answersAreHonest},
	}
}

// TestWhatMustNeverHappenAgain tries to bring about, on the real parts, each
// fault of ordering that the system before this one had. docs/never-again.md
// says what each was, and what makes it impossible.
func TestWhatMustNeverHappenAgain(t *testing.T) {
	t.Parallel()
	everyNumberOnce(t)
	thePageNamesEachRow(t)
	operators := map[string]int{calm: 1, crowded: 2}
	for place, faults := range places() {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			if place == killed {
				w := newWorld(t, settings{})
				for _, f := range faults {
					t.Run(f.title(), func(t *testing.T) { f.try(&scene{world: w.in(t)}) })
				}
				return
			}
			tryTogether(t, faults, operators[place])
		})
	}
}

// tryTogether tries faults at the same time, each in a shop of its own.
func tryTogether(t *testing.T, faults []never, operators int) {
	t.Helper()
	namespaces := make([]string, len(faults))
	for i, f := range faults {
		namespaces[i] = newNamespace(f.number)
	}
	h := openHouse(t, namespaces, operators)
	for i, f := range faults {
		t.Run(f.title(), func(t *testing.T) {
			t.Parallel()
			f.try(h.enter(t, namespaces[i], f.room))
		})
	}
}

func (f never) title() string { return fmt.Sprintf("%02d %s", f.number, f.name) }

// lastFault is the number of the last fault that the table has to hold.
const lastFault = 18

func everyNumberOnce(t *testing.T) {
	t.Helper()
	rows := map[int]int{}
	for _, faults := range places() {
		for _, f := range faults {
			rows[f.number]++
		}
	}
	for n := 1; n <= lastFault; n++ {
		if rows[n] != 1 {
			t.Errorf("fault %d has %d rows, want 1", n, rows[n])
		}
		delete(rows, n)
	}
	for n := range rows {
		t.Errorf("there is no fault %d", n)
	}
}

// thePageNamesEachRow checks that the page has a line for each fault, which names
// the row where it stands.
func thePageNamesEachRow(t *testing.T) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(stack.Root(), "docs", "never-again.md"))
	if err != nil {
		t.Fatal(err)
	}
	for place, faults := range places() {
		for _, f := range faults {
			line := regexp.MustCompile(fmt.Sprintf("(?m)^\\| %d \\|.*\\| `%s` \\|$", f.number, regexp.QuoteMeta(place+"/"+f.title())))
			if n := len(line.FindAll(page, -1)); n != 1 {
				t.Errorf("docs/never-again.md has %d lines for fault %d, %s/%s", n, f.number, place, f.title())
			}
		}
	}
}
