//go:build !race

package strangers

// mostSlow connections at once.
const mostSlow = 1 << 20
