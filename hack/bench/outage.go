package main

import (
	"net/http"
	"strings"

	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// kind of an outage.
type kind string

const (
	// refuse has nobody listening.
	refuse kind = "refuse"
	// hang takes connections and never answers.
	hang kind = "hang"
	// fail answers every call with 503, and does nothing.
	fail kind = "error"
)

func kinds() []string { return []string{string(refuse), string(hang), string(fail)} }

// provider is the simulator behind a line that can be cut.
type provider struct {
	sim  *zmasim.Server
	line *line
}

func newProvider(sim *zmasim.Server) (*provider, error) {
	l, err := newLine(strings.TrimPrefix(sim.URL(), "http://"))
	return &provider{sim: sim, line: l}, err
}

// url to reach the provider by.
func (p *provider) url() string { return "http://" + p.line.addr }

// begin starts an outage.
func (p *provider) begin(k kind) {
	switch k {
	case refuse:
		p.line.refuse()
	case hang:
		p.line.hang()
	case fail:
		p.sim.AddFault(zmasim.Fault{Kind: zmasim.ErrorBefore, Status: http.StatusServiceUnavailable})
	}
}

// end brings the provider back.
func (p *provider) end() error {
	p.sim.ClearFaults()
	return p.line.restore()
}
