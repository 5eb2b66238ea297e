// Package webhookserver is the inbound HTTP side: webhooks that make orders,
// callbacks of the provider, and health.
//
// A webhook is answered with success only once its order is stored by the API
// server, whose uniqueness of names makes one order of many deliveries. Nothing
// else is needed to accept one: no leader, no database, no provider. The order
// of work keeps each step cheap before the next is paid for: path, source,
// headers, rate limit, body, authentication, decoding, creation.
//
// A callback is a hint to fetch an order from the provider, never a truth. A token
// in the URL proves one of version 1, whose body is not read beyond its size; the
// signature of its body proves one of version 2, of which no more is read than
// which order there is news of.
//
// Every refusal is an RFC 9457 problem that tells the sender what to change and
// nothing of the inside. Bodies, addresses, mails and tokens reach neither logs
// nor the delivery log.
package webhookserver
