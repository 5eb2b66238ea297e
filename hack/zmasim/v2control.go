package zmasim

import (
	"context"
	"net/http"
)

type controlV2Webhook struct {
	URL    string `json:"url"`
	Secret string `json:"secret"`
}

func (s *Server) controlV2Routes(mux *http.ServeMux) {
	mux.HandleFunc("PUT /sim/v2/webhook", func(w http.ResponseWriter, r *http.Request) {
		var hook controlV2Webhook
		if readControl(w, r, &hook) {
			s.SetV2Webhook(hook.URL, hook.Secret)
			w.WriteHeader(http.StatusNoContent)
		}
	})
}

// PutV2Webhook sets where version 2's events go, as Server.SetV2Webhook does.
func PutV2Webhook(ctx context.Context, baseURL, url, secret string) error {
	_, err := control(ctx, http.MethodPut, baseURL+"/sim/v2/webhook", controlV2Webhook{URL: url, Secret: secret})
	return err
}
