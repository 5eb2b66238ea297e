package main

import "fmt"

// maxShare is how much of the 99th percentile at half capacity may be our own, in
// milliseconds.
const maxShare = 5

// enough is the part of a measurement's time that has to count.
const enough = .5

// fewestRounds can show how far they differ.
const fewestRounds = 3

// Broken names what was promised and not kept, and why nothing can be told. A run
// whose rounds differ by more than the promise proves nothing, whatever their
// median.
func (f figures) Broken() []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	share := f.Half.OwnP99
	switch {
	case len(f.Half.Rounds) < fewestRounds:
		say("%d rounds are too few to tell anything", len(f.Half.Rounds))
	case f.few():
		say("other programs were too busy to measure beside them: %d turns were left out", f.Half.LeftOut)
	case share.Error > maxShare:
		say("the rounds differ by too much to tell: our own share of the 99th percentile at half capacity is %.2f ms, give or take %.2f ms", share.Median, share.Error)
	case share.Median >= maxShare:
		say("our own share of the 99th percentile at half capacity is %.2f ms, promised are less than %d ms", share.Median, maxShare)
	}
	if len(f.Half.Failures) > 0 {
		say("webhooks were not taken at half capacity: %v", f.Half.Failures)
	}
	return out
}

// few tells whether a round has too few webhooks that count.
func (f figures) few() bool {
	for _, p := range f.Half.Rounds {
		if float64(p.Webhook.Offered) < enough*f.Seconds*f.Half.PerSecond {
			return true
		}
	}
	return false
}
