//go:build race

package strangers

// mostSlow connections at once: the race detector dies of more than 8128
// goroutines.
const mostSlow = 6000
