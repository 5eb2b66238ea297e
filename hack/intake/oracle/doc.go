// Package oracle judges a run of webhooks by what was sent, what was answered and
// what exists in the end. It knows the endpoint's promises and nothing of how they
// are kept: no code of the product is in it.
package oracle
