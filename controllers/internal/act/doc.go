// Package act carries out what package machine decides: one effect per file.
//
// An executor changes the order's status in memory; it is written once, at the
// end of a reconciliation, except around the paid call, where the intent has to
// be durable before and the outcome after.
package act
