// Package records fills a database of the ledger with orders as a year of work
// would leave them, and measures how long the ready queries of docs/reports.md
// take on them. The same seed makes the same orders.
package records
