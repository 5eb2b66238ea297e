package zmasim

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// FetchRecord reads the record of a simulator in another process, which must have
// been started with Options.Control. baseURL is as Server.URL gives it.
func FetchRecord(ctx context.Context, baseURL string) (Record, error) {
	var r Record
	data, err := control(ctx, http.MethodGet, baseURL+"/sim/record", nil)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("simulator's record: %w", err)
	}
	return r, nil
}

// PostFault adds a rule, as Server.AddFault does.
func PostFault(ctx context.Context, baseURL string, f Fault) error {
	_, err := control(ctx, http.MethodPost, baseURL+"/sim/faults", f)
	return err
}

// DeleteFaults removes all rules, as Server.ClearFaults does.
func DeleteFaults(ctx context.Context, baseURL string) error {
	_, err := control(ctx, http.MethodDelete, baseURL+"/sim/faults", nil)
	return err
}

// PutBalance sets the balance in cents, as Server.SetBalance does.
func PutBalance(ctx context.Context, baseURL string, cents int64) error {
	_, err := control(ctx, http.MethodPut, baseURL+"/sim/balance", controlBalance{Balance: cents})
	return err
}

// PostAdvance moves a placed order one step, as Server.Advance does. It is an
// error when there is no step to take.
func PostAdvance(ctx context.Context, baseURL, requestID string) error {
	_, err := control(ctx, http.MethodPost, baseURL+"/sim/orders/"+requestID+"/advance", nil)
	return err
}

func control(ctx context.Context, method, url string, body any) ([]byte, error) {
	var payload io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", method, url, err)
		}
		payload = bytes.NewReader(data)
	}
	request, err := http.NewRequestWithContext(ctx, method, url, payload)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, url, err)
	}
	if response.StatusCode/100 != 2 {
		return nil, fmt.Errorf("%s %s: %s: %s", method, url, response.Status, bytes.TrimSpace(data))
	}
	return data, nil
}
