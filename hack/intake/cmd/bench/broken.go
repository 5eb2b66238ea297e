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
	switch {
	case len(f.Half.Rounds) < fewestRounds:
		say("%d rounds are too few to tell anything", len(f.Half.Rounds))
	case f.few():
		say("other programs were too busy to measure beside them: %d turns were left out", f.Half.LeftOut)
	default:
		f.Half.ShareP99.broken(say, "the webhooks' 99th percentile at half capacity, less that of the bare Creates,")
		f.Half.OwnP99.broken(say, "the 99th percentile at half capacity of each webhook less its own Create")
	}
	if len(f.Half.Failures) > 0 {
		say("webhooks were not taken at half capacity: %v", f.Half.Failures)
	}
	return out
}

// broken names what our own share breaks.
func (s spread) broken(say func(string, ...any), what string) {
	switch {
	case s.Error > maxShare:
		say("the rounds differ by too much to tell: %s is %.2f ms, give or take %.2f ms", what, s.Median, s.Error)
	case s.Median >= maxShare:
		say("%s is %.2f ms, promised are less than %d ms", what, s.Median, maxShare)
	}
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
