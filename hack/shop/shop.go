// Package shop is a customer of the operator: it sets up an account and a
// webhook source, and sends signed webhooks as a shop would.
package shop

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	svix "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// SourceName of the shop's WebhookSource.
const SourceName = "web"

// AccountName of the shop's ZMAAccount.
const AccountName = "main"

// Sender signs and sends webhooks.
type Sender struct {
	// URL of the webhook, path included.
	URL string
	// Secret of the source, with the prefix whsec_.
	Secret string
	// HTTP makes the calls.
	HTTP *http.Client
	// Now is the clock.
	Now func() time.Time
}

// Answer of the webhook endpoint.
type Answer struct {
	// Status is the HTTP status.
	Status int
	// Body of the answer.
	Body []byte
}

// Order is the name in an accepted answer; empty otherwise.
func (a Answer) Order() string {
	var body struct {
		Order string `json:"order"`
	}
	if json.Unmarshal(a.Body, &body) != nil {
		return ""
	}
	return body.Order
}

// NewSecret makes a signing secret.
func NewSecret() string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails
	return "whsec_" + base64.StdEncoding.EncodeToString(raw)
}

// Send signs a body for now and sends it.
func (s *Sender) Send(ctx context.Context, id string, body []byte) (Answer, error) {
	at := s.Now()
	signature, err := s.Sign(id, at, body)
	if err != nil {
		return Answer{}, err
	}
	return s.SendSigned(ctx, id, at, signature, body)
}

// Sign makes the signature of a body.
func (s *Sender) Sign(id string, at time.Time, body []byte) (string, error) {
	w, err := svix.NewWebhook(s.Secret)
	if err != nil {
		return "", fmt.Errorf("signing secret: %w", err)
	}
	return w.Sign(id, at, body)
}

// SendSigned sends a body with a given signature, right or wrong.
func (s *Sender) SendSigned(ctx context.Context, id string, at time.Time, signature string, body []byte) (Answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, bytes.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Webhook-Id", id)
	req.Header.Set("Webhook-Timestamp", strconv.FormatInt(at.Unix(), 10))
	req.Header.Set("Webhook-Signature", signature)
	resp, err := s.HTTP.Do(req)
	if err != nil {
		return Answer{}, fmt.Errorf("send webhook: %w", err)
	}
	defer func() { _ = resp.Body.Close() }() // read or given up
	answer, err := io.ReadAll(resp.Body)
	return Answer{Status: resp.StatusCode, Body: answer}, err
}
