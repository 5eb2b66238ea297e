package oracle

import (
	"errors"
	"fmt"

	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// Calm checks the record of a time in which nothing failed: each order took one
// paid call, and nobody had to look for what became of one. A product that
// forgets what a call has brought looks it up instead, once per order; a look-up
// or two of another purpose do no harm.
func Calm(scripts []Script, record zmasim.Record) []Violation {
	b := open(Evidence{Record: record})
	var out []Violation
	orders := 0
	for _, s := range scripts {
		if !s.Calm {
			continue
		}
		orders++
		if n := len(b.calls[s.Identity]); n != 1 {
			out = append(out, Violation{Script: s, Err: fmt.Errorf("it took %d paid calls though nothing had failed", n)})
		}
	}
	lookups := 0
	for _, q := range record.Requests {
		if q.Method == "GET" && q.Path == "/v1/orders" {
			lookups++
		}
	}
	if orders > 0 && lookups > orders/2 {
		out = append(out, Violation{Err: errors.New(fmt.Sprint(lookups, " look-ups were made for ", orders, " orders though nothing had failed"))})
	}
	return out
}
