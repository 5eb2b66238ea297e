// Package intake sends thousands of webhooks to two replicas of the endpoint while
// one is killed, the API server is restarted and PostgreSQL is away, as senders by
// the Standard Webhooks specification do, and lets package oracle judge every
// answer by what exists in the end.
package intake
