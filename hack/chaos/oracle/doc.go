// Package oracle judges what became of orders after a storm of faults.
//
// It is written apart from the product and shares no code with it: from what was
// done to an order (its Script) it predicts the ends that are allowed, by the
// provider's documentation alone, and compares them with what the provider's own
// record, the cluster, the database and the mail server say.
package oracle
