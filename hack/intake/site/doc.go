// Package site sets up what a webhook goes to: an API server, PostgreSQL, sources,
// and replicas of the endpoint with the rights of their service account.
package site
