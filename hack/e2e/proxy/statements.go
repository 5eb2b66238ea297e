package proxy

import (
	"slices"
	"strings"
)

// statement is one that was executed, with its parameters as sent.
type statement struct {
	sql    string
	params []string
}

// sign is a piece of SQL that tells an effect.
type sign struct{ effect, sql string }

// signs in the order in which they count: a settlement also closes the order, and
// any of them may write an audit row.
func signs() []sign {
	return []sign{
		{MirrorDeletion, "update orders set deleted_at"},
		{Mirror, "insert into orders "},
		{Settlement, "set settled_after_release"},
		{Release, "set state = 'released'"},
		{Release, "update order_identities set outcome"},
		{Reservation, "insert into order_attempts"},
		{Refund, "insert into order_refunds"},
		{PaymentClaim, "insert into order_payments"},
		{Alert, "insert into admin_alerts"},
		{AlertEnd, "update admin_alerts"},
		{MailClaim, "set state = 'sending'"},
		{MailSent, "update email_outbox set state = 'sent'"},
		{MailFailed, "update email_outbox set state"},
	}
}

// effectOfStatements names what one transaction has done; empty when it has only
// read.
func effectOfStatements(done []statement) string {
	for _, s := range signs() {
		if slices.ContainsFunc(done, func(d statement) bool { return strings.Contains(d.sql, s.sql) }) {
			return s.effect
		}
	}
	for _, d := range done {
		if effect := d.row(); effect != "" {
			return effect
		}
	}
	if slices.ContainsFunc(done, statement.writes) {
		return unnamed
	}
	return ""
}

// row names statements that add a row to a log, which differ by what they say.
func (s statement) row() string {
	switch {
	case s.into("order_recovery_logs") && s.says("controller"):
		return ResolveRow
	case s.into("order_recovery_logs"):
		return RecoveryRecord
	case s.into("audit_log"):
		return TransitionAudit
	case s.into("webhook_deliveries") && s.says("callbacks"):
		return CallbackRow
	case s.into("webhook_deliveries"):
		return DeliveryRow
	}
	return ""
}

func (s statement) into(table string) bool { return strings.Contains(s.sql, "insert into "+table) }

func (s statement) says(word string) bool { return slices.Contains(s.params, word) }

// writes tells whether a statement changes anything. The row of an identity is
// made so that it can be locked, and says nothing by itself. Rate limits of the
// endpoint change no order, and are guesses to begin with. Blocks of the audit trail
// and events on their way into it change no order either.
func (s statement) writes() bool {
	if s.into("order_identities") || s.into("spend_accounts") || strings.Contains(s.sql, " rate_limits") ||
		s.into("audit_blocks") || strings.Contains(s.sql, "delete from security_events") {
		return false
	}
	return strings.Contains(s.sql, "insert into ") || strings.Contains(s.sql, "delete from ") ||
		(strings.Contains(s.sql, "update ") && strings.Contains(s.sql, " set ") && !strings.HasPrefix(s.sql, "set "))
}

// normal is a statement's text in one line of lower case.
func normal(sql string) string { return strings.ToLower(strings.Join(strings.Fields(sql), " ")) }
