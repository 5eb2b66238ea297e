package zmasim

import (
	"encoding/json"
	"io"
	"net/http"
)

// controlRoutes serves what tests in another process need. It asks for no
// token: it must only ever be reachable by those who run the simulator.
func (s *Server) controlRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /sim/record", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(mustJSON(s.Record())) // a caller that has left is not our concern
	})
	mux.HandleFunc("POST /sim/faults", func(w http.ResponseWriter, r *http.Request) {
		var f Fault
		if readControl(w, r, &f) {
			s.AddFault(f)
			w.WriteHeader(http.StatusNoContent)
		}
	})
	mux.HandleFunc("DELETE /sim/faults", func(w http.ResponseWriter, _ *http.Request) {
		s.ClearFaults()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("PUT /sim/balance", func(w http.ResponseWriter, r *http.Request) {
		var b controlBalance
		if readControl(w, r, &b) {
			s.SetBalance(b.Balance)
			w.WriteHeader(http.StatusNoContent)
		}
	})
	s.controlV2Routes(mux)
	mux.HandleFunc("POST /sim/orders/{id}/advance", func(w http.ResponseWriter, r *http.Request) {
		if !s.Advance(r.PathValue("id")) {
			http.Error(w, "no step to take", http.StatusConflict)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

type controlBalance struct {
	Balance int64 `json:"balance"` // cents
}

func readControl(w http.ResponseWriter, r *http.Request, into any) bool {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}
