// Package measure turns the provider's own record of an outage into figures, and
// compares them with what the operator promises. It is pure: it reads no clock
// and starts nothing.
package measure
