package proxy

import (
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"strings"
)

var errSprung = errors.New("the trap has sprung")

// statusWrite is what tells the writes of an order apart.
type statusWrite struct {
	Status struct {
		Submission *struct {
			State string `json:"state"`
		} `json:"submission"`
		Placement  *struct{} `json:"placement"`
		Conditions []struct {
			Type   string `json:"type"`
			Status string `json:"status"`
		} `json:"conditions"`
	} `json:"status"`
}

// OrderWrites classifies the writes of an order's status.
func OrderWrites(method, path string, body []byte) string {
	if method != http.MethodPut || !strings.Contains(path, "/zmaorders/") || !strings.HasSuffix(path, "/status") {
		return ""
	}
	var w statusWrite
	if json.Unmarshal(body, &w) != nil || w.Status.Submission == nil {
		return ""
	}
	switch {
	case w.Status.Placement != nil && w.isTrue("Ready"):
		return Placement
	case w.Status.Submission.State == "Intended":
		return Intent
	case w.Status.Submission.State == "Accepted" && w.Status.Placement == nil:
		return Outcome
	}
	return ""
}

func (w statusWrite) isTrue(condition string) bool {
	for _, c := range w.Status.Conditions {
		if c.Type == condition {
			return c.Status == "True"
		}
	}
	return false
}

// PaidCalls classifies the calls to the provider.
func PaidCalls(method, path string, _ []byte) string {
	if method == http.MethodPost && strings.HasSuffix(path, "/v1/orders") {
		return PaidCall
	}
	return ""
}

// statements classifies what one transaction has done.
func statements(sql string) string {
	sql = strings.ToLower(sql)
	switch {
	case strings.Contains(sql, "insert into orders"):
		return Mirror
	case strings.Contains(sql, "email_outbox") && strings.Contains(sql, "zma_cost_tracking"):
		return Settlement
	}
	return ""
}

func discard() *log.Logger { return log.New(io.Discard, "", 0) }
