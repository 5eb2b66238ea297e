// Package pace decides when a submission may go: within the account's rate and
// its number of orders in flight, oldest order first, and not while the provider
// keeps failing.
//
// An order that may not go yet waits at the gate of its account and is woken when
// its turn comes, so that nothing has to ask again and again, and a backlog goes
// in the order in which it came. The gate is in memory: it belongs to the one
// controller that leads, and the safety of money never depends on it.
package pace
