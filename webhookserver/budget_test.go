package webhookserver

import (
	"fmt"
	"testing"
)

func TestABodyBudgetIsSharedFairly(t *testing.T) {
	const kib = 1 << 10
	b := newBodyBudget(1024 * kib)
	one := b.begin("one")
	if !one.grow(256*kib) || one.grow(1) {
		t.Error("one client has a quarter and no more")
	}
	var others []*grant
	for _, client := range []string{"two", "three"} {
		g := b.begin(client)
		if !g.grow(256 * kib) {
			t.Fatal("three quarters are for everybody")
		}
		others = append(others, g)
	}
	large := b.begin("four")
	if !large.grow(smallBody) || large.grow(1) {
		t.Error("the last quarter is for small bodies")
	}
	large.release()
	for i := range 16 {
		if g := b.begin(fmt.Sprint("small-", i)); !g.grow(smallBody) {
			t.Fatalf("small body %d is refused", i)
		} else {
			others = append(others, g)
		}
	}
	if b.begin("last").grow(1) {
		t.Error("more is taken than there is")
	}
	for _, g := range append(others, one) {
		g.release()
		g.release() // gives nothing back twice
	}
	if b.used != 0 {
		t.Errorf("%d bytes are lost", b.used)
	}
	if g := b.begin("two"); !g.grow(256 * kib) {
		t.Error("what was given back can't be taken")
	}
}

func TestAClientHasABoundedNumberOfBodiesUnderWay(t *testing.T) {
	b := newBodyBudget(1 << 20)
	var grants []*grant
	for range maxBodiesPerClient {
		grants = append(grants, b.begin("one"))
	}
	if b.begin("one") != nil || b.begin("two") == nil {
		t.Error("the bound is not one client's own")
	}
	grants[0].arrived()
	g := b.begin("one")
	if g == nil {
		t.Fatal("a body that has arrived is still under way")
	}
	grants[0].release() // was not under way any more
	if b.begin("one") != nil {
		t.Error("one body was counted out twice")
	}
	for _, g := range append(grants, g) {
		g.release()
	}
	(*grant)(nil).release()
	if len(b.clients) != 1 { // "two"
		t.Errorf("%d clients are remembered", len(b.clients))
	}
}
