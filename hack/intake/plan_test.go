package intake

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zma-operator/zma-operator/hack/intake/oracle"
)

func plan(t *testing.T, seed uint64, n int) []delivery {
	t.Helper()
	p, err := makePlan(seed, "web", n, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAPlanHasEveryKindInItsShare(t *testing.T) {
	count := map[kind]int{}
	for _, d := range plan(t, 1, 1000) {
		count[d.kind]++
	}
	want := map[kind]int{plain: 840, twin: 100, late: 10, rival: 10, forged: 8, stale: 8, unknownField: 8, noAddress: 8, cardNumber: 8}
	if diff := cmp.Diff(want, count); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}
}

func TestAPlanIsDecidedByItsSeed(t *testing.T) {
	opt := cmp.AllowUnexported(delivery{})
	if diff := cmp.Diff(plan(t, 1, 200), plan(t, 1, 200), opt); diff != "" {
		t.Errorf("one seed gives two plans:\n%s", diff)
	}
	if cmp.Equal(plan(t, 1, 200), plan(t, 2, 200), opt) {
		t.Error("two seeds give one plan")
	}
}

func TestRepetitionsAreWhatTheySay(t *testing.T) {
	p := plan(t, 1, 1000)
	originals := map[string]delivery{}
	for _, d := range p {
		if d.kind == plain {
			originals[d.externalID] = d
		}
	}
	sameMessage := 0
	for _, d := range p {
		of := originals[d.externalID]
		if d.kind != twin && d.kind != late && d.kind != rival {
			continue
		}
		if d.messageID == of.messageID {
			sameMessage++
		}
		if d.first == of.first {
			t.Errorf("%s of %s begins at the same replica", d.kind, d.externalID)
		}
		if together := d.at == of.at; together == (d.kind == late) || d.at < of.at {
			t.Errorf("%s of %s comes at %s, the first at %s", d.kind, d.externalID, d.at, of.at)
		}
		if same := d.content == of.content; same == (d.kind == rival) {
			t.Errorf("%s of %s has the same content: %t", d.kind, d.externalID, same)
		}
	}
	if sameMessage == 0 || sameMessage == 110 {
		t.Errorf("%d of 110 repetitions are the same message, want some", sameMessage)
	}
}

func TestWhatCannotBeTakenIsNeverRepeated(t *testing.T) {
	seen := map[string]int{}
	for _, d := range plan(t, 1, 1000) {
		seen[d.externalID]++
		if d.kind.refusal() != (oracle.Refusal{}) && seen[d.externalID] > 1 {
			t.Errorf("%s is repeated", d.externalID)
		}
	}
}

func TestAPlanNeedsEnoughWebhooks(t *testing.T) {
	if _, err := makePlan(1, "web", 8, time.Minute); err == nil {
		t.Error("8 webhooks are enough for every kind")
	}
}
