// Package drill rehearses the loss of a whole cluster: orders in every state, a
// new and empty API server, the same Postgres and the same provider. Afterwards
// each order must have been bought once, and the books must say so.
package drill
