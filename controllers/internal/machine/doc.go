// Package machine decides what happens next to an order. Decide is pure: the
// same order, facts and time give the same action, so every decision stands in a
// table test. The executors in package act do what it says.
package machine
