// Package notify sends the mails that wait in the outbox.
//
// A mail is a row that was written in the same transaction as the change it
// tells of; nothing here decides that a mail is due. A Worker claims rows,
// renders and sends them, and records what became of each:
//
//	sent       the server took the message
//	refused    the server refused it for good: dead, with an alert
//	deferred   the server or the way to it failed: again, later
//	unknown    the connection broke after the message was handed over: sent once
//	           more under the same Message-ID, then dead, with an alert
//	waiting    the policy is missing, suspended or not usable: kept, not counted
//
// Nothing here logs a recipient or any part of a message. What a server answers
// may name the recipient, so only its codes are kept.
package notify
