// Package books drives the ledger as the controllers do, through outages of its
// database, and compares the books with what was bought.
package books
