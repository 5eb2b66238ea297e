package v1alpha1_test

import (
	"strings"
	"testing"
)

// TestRulesOfOtherKinds tries each rule of the other four kinds.
func TestRulesOfOtherKinds(t *testing.T) {
	type changes = map[string]any
	for name, c := range map[string]struct {
		kind              string
		accepted, refused changes
		message           string
	}{
		"a base URL has no path":            {"ZMAAccount", changes{"spec.baseURL": "http://127.0.0.1:1"}, changes{"spec.baseURL": "https://x.example/v1"}, "baseURL"},
		"a base URL is http":                {"ZMAAccount", changes{}, changes{"spec.baseURL": "ftp://x.example"}, "baseURL"},
		"an API version is known":           {"ZMAAccount", changes{"spec.apiVersion": "v2"}, changes{"spec.apiVersion": "v3"}, "Unsupported value"},
		"a provider account is needed":      {"ZMAAccount", changes{"spec.providerAccountID": "x"}, changes{"spec.providerAccountID": ""}, "providerAccountID"},
		"an installation is a UUID":         {"ZMAAccount", changes{}, changes{"spec.installationID": "prod"}, "installationID"},
		"a currency is an ISO code":         {"ZMAAccount", changes{"spec.currency": "EUR"}, changes{"spec.currency": "eur"}, "currency"},
		"a token is needed":                 {"ZMAAccount", changes{}, changes{"spec.secretRef": nil}, "secretRef"},
		"a Secret's key has a form":         {"ZMAAccount", changes{"spec.secretRef.key": "a.b-c_d"}, changes{"spec.secretRef.key": "a/b"}, "key"},
		"a rate is positive":                {"ZMAAccount", changes{"spec.submission.ratePerMinute": int64(1)}, changes{"spec.submission.ratePerMinute": int64(0)}, "ratePerMinute"},
		"an in-flight cap is positive":      {"ZMAAccount", changes{"spec.submission.maxInFlight": int64(1)}, changes{"spec.submission.maxInFlight": int64(0)}, "maxInFlight"},
		"a window is a duration":            {"ZMAAccount", changes{"spec.submission.resolveWindow": "1h30m"}, changes{"spec.submission.resolveWindow": "1 day"}, "resolveWindow"},
		"a budget is not negative":          {"ZMAAccount", changes{"spec.budget.dailyCents": int64(0)}, changes{"spec.budget.dailyCents": int64(-1)}, "dailyCents"},
		"a warning mark is a percentage":    {"ZMAAccount", changes{"spec.budget.warnAtPercent": int64(100)}, changes{"spec.budget.warnAtPercent": int64(101)}, "warnAtPercent"},
		"a time zone has a form":            {"ZMAAccount", changes{"spec.budget.timezone": "America/New_York"}, changes{"spec.budget.timezone": "New York"}, "timezone"},
		"a percentage is bounded":           {"ZMAAccount", changes{"spec.maxPrice.percent": int64(500)}, changes{"spec.maxPrice.percent": int64(501)}, "percent"},
		"a cap is positive":                 {"ZMAAccount", changes{"spec.maxPrice.capCents": int64(1)}, changes{"spec.maxPrice.capCents": int64(0)}, "capCents"},
		"critical is not above low":         {"ZMAAccount", changes{"spec.balance": map[string]any{"lowCents": int64(5), "criticalCents": int64(5)}}, changes{"spec.balance": map[string]any{"lowCents": int64(5), "criticalCents": int64(6)}}, "must not exceed lowCents"},
		"breaker failures are positive":     {"ZMAAccount", changes{"spec.breaker.failures": int64(1)}, changes{"spec.breaker.failures": int64(0)}, "failures"},
		"a public URL has no user":          {"ZMAAccount", changes{}, changes{"spec.callback.publicURL": "https://u:p@x.example"}, "publicURL"},
		"a callback needs an active key":    {"ZMAAccount", changes{}, changes{"spec.callback.activeKey": nil}, "activeKey"},
		"rules have a name":                 {"OrderPolicy", changes{"spec.rules.0.name": "a-b"}, changes{"spec.rules.0.name": "A B"}, "name"},
		"rules have different names":        {"OrderPolicy", changes{}, changes{"spec.rules": []any{map[string]any{"name": "r", "expression": "true", "action": "Warn"}, map[string]any{"name": "r", "expression": "false", "action": "Warn"}}}, "Duplicate"},
		"an expression is needed":           {"OrderPolicy", changes{}, changes{"spec.rules.0.expression": ""}, "expression"},
		"an expression is bounded":          {"OrderPolicy", changes{"spec.rules.0.expression": long(2047)}, changes{"spec.rules.0.expression": long(2048)}, "2048"},
		"an action is known":                {"OrderPolicy", changes{"spec.rules.0.action": "Deny"}, changes{"spec.rules.0.action": "Shrug"}, "Unsupported value"},
		"an enforcement is known":           {"OrderPolicy", changes{"spec.enforcement": "Audit"}, changes{"spec.enforcement": "Maybe"}, "Unsupported value"},
		"retailers have one pattern each":   {"OrderPolicy", changes{}, changes{"spec.items.patterns": []any{map[string]any{"retailer": "a", "pattern": "x"}, map[string]any{"retailer": "a", "pattern": "y"}}}, "Duplicate"},
		"countries are two letters":         {"OrderPolicy", changes{"spec.address.countries": []any{"US", "CA"}}, changes{"spec.address.countries": []any{"usa"}}, "countries"},
		"velocity is positive":              {"OrderPolicy", changes{"spec.velocity.ordersPerHour": int64(1)}, changes{"spec.velocity.ordersPerHour": int64(0)}, "ordersPerHour"},
		"a duplicates window is needed":     {"OrderPolicy", changes{}, changes{"spec.duplicates.window": nil}, "window"},
		"an approval mark is not negative":  {"OrderPolicy", changes{"spec.approval.aboveCents": int64(0)}, changes{"spec.approval.aboveCents": int64(-1)}, "aboveCents"},
		"a path has a form":                 {"WebhookSource", changes{"spec.path": "a-b/c_d"}, changes{"spec.path": "../x"}, "path"},
		"a scheme is known":                 {"WebhookSource", changes{"spec.auth.scheme": "bearer"}, changes{"spec.auth.scheme": "trust"}, "Unsupported value"},
		"a secret is needed":                {"WebhookSource", changes{}, changes{"spec.auth.secretRefs": []any{}}, "at least 1"},
		"at most five secrets":              {"WebhookSource", changes{"spec.auth.secretRefs": many(5, map[string]any{"name": "s", "key": "k"})}, changes{"spec.auth.secretRefs": many(6, map[string]any{"name": "s", "key": "k"})}, "at most 5"},
		"hmac needs its settings":           {"WebhookSource", changes{"spec.auth.scheme": "hmac", "spec.auth.hmac": map[string]any{"header": "X-Sig"}}, changes{"spec.auth.scheme": "hmac"}, "needs hmac"},
		"hmac settings are for hmac":        {"WebhookSource", changes{}, changes{"spec.auth.hmac": map[string]any{"header": "X-Sig"}}, "scheme hmac only"},
		"an HMAC algorithm is known":        {"WebhookSource", changes{"spec.auth": map[string]any{"scheme": "hmac", "secretRefs": many(1, map[string]any{"name": "s", "key": "k"}), "hmac": map[string]any{"header": "X", "algorithm": "sha512"}}}, changes{"spec.auth": map[string]any{"scheme": "hmac", "secretRefs": many(1, map[string]any{"name": "s", "key": "k"}), "hmac": map[string]any{"header": "X", "algorithm": "md5"}}}, "Unsupported value"},
		"an origin is no wildcard":          {"WebhookSource", changes{"spec.cors.allowedOrigins": []any{"http://localhost:3000"}}, changes{"spec.cors.allowedOrigins": []any{"*"}}, "allowedOrigins"},
		"a rate limit is positive":          {"WebhookSource", changes{"spec.rateLimit.perMinute": int64(1)}, changes{"spec.rateLimit.perMinute": int64(0)}, "perMinute"},
		"a body limit is bounded":           {"WebhookSource", changes{"spec.maxBodyBytes": int64(1048576)}, changes{"spec.maxBodyBytes": int64(1048577)}, "maxBodyBytes"},
		"a mapping needs an ID":             {"WebhookSource", changes{}, changes{"spec.mapping.externalID": nil}, "externalID"},
		"a host is needed":                  {"NotificationPolicy", changes{"spec.smtp.host": "127.0.0.1"}, changes{"spec.smtp.host": "a b"}, "host"},
		"a port is bounded":                 {"NotificationPolicy", changes{"spec.smtp.port": int64(65535)}, changes{"spec.smtp.port": int64(65536)}, "port"},
		"a TLS mode is known":               {"NotificationPolicy", changes{"spec.smtp.tls": "TLS"}, changes{"spec.smtp.tls": "Off"}, "Unsupported value"},
		"a sender is an address":            {"NotificationPolicy", changes{"spec.sender": "a@b.example"}, changes{"spec.sender": "nobody"}, "sender"},
		"a sender is one line":              {"NotificationPolicy", changes{}, changes{"spec.sender": "a@b.example\r\nBcc: x@y.example"}, "sender"},
		"admin recipients are addresses":    {"NotificationPolicy", changes{"spec.adminRecipients": []any{"a@b"}}, changes{"spec.adminRecipients": []any{"ab"}}, "adminRecipients"},
		"kinds of customer mails are known": {"NotificationPolicy", changes{"spec.customerMails": []any{"shipped", "refund"}}, changes{"spec.customerMails": []any{"poem"}}, "Unsupported value"},
		"channels have different names":     {"NotificationPolicy", changes{}, changes{"spec.channels": many(2, map[string]any{"name": "c", "type": "slack", "secretRef": map[string]any{"name": "s"}})}, "Duplicate"},
		"a channel's type is known":         {"NotificationPolicy", changes{"spec.channels.0.type": "webhook"}, changes{"spec.channels.0.type": "pigeon"}, "Unsupported value"},
	} {
		t.Run(name, func(t *testing.T) {
			try(t, object(t, c.kind, c.accepted), "")
			try(t, object(t, c.kind, c.refused), c.message)
		})
	}
}

func TestAPIVersionCantBeChanged(t *testing.T) {
	o := object(t, "ZMAAccount", nil)
	try(t, o, "")
	set(t, o.Object, "spec.apiVersion", "v2")
	judge(t, server.Update(t.Context(), o), "apiVersion can't be changed")
}

func TestCurrencyCantBeChanged(t *testing.T) {
	o := object(t, "ZMAAccount", nil)
	try(t, o, "")
	set(t, o.Object, "spec.currency", "EUR")
	judge(t, server.Update(t.Context(), o), "currency can't be changed")
}

func TestInstallationIDCantBeChanged(t *testing.T) {
	o := object(t, "ZMAAccount", nil)
	try(t, o, "")
	set(t, o.Object, "spec.installationID", strings.Replace("6f0d4a58-0b2e-4f57-9a55-0d8d6cc6a001", "6", "7", 1))
	judge(t, server.Update(t.Context(), o), "installationID can't be changed")
}
