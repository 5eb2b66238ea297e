package zmasim

import (
	"math"
	"net/http"
	"time"
)

const (
	defaultListLimit = 10
	maxListLimit     = 5000
)

// listing is the query of GET /v1/orders; times in Unix milliseconds.
type listing struct {
	limit, skip   int64
	from, before  int64 // inclusive, exclusive
	retailer      string
	youngestShown time.Time
}

// listOrders gives the latest first. There is no filter on key or notes, as at
// the provider: a client has to look into each entry.
func (s *Server) listOrders(c call) (a answer) {
	query := c.Request.URL.Query()
	l := listing{
		limit: min(number(query, "limit", defaultListLimit), maxListLimit),
		skip:  number(query, "skip", 0),
		from:  number(query, "starting_after", 0), before: number(query, "ending_before", math.MaxInt64),
		retailer: query.Get("retailer"),
	}
	s.update(func() {
		l.youngestShown = s.opts.Now().Add(-max(s.listingLag, c.Lag))
		page := l.page(s.sequence)
		if s.opts.Switches.BareList {
			a = jsonAnswer(http.StatusOK, page)
			return
		}
		a = jsonAnswer(http.StatusOK, map[string]any{"orders": page})
	})
	return a
}

func (l listing) page(sequence []*order) []map[string]any {
	page := []map[string]any{}
	skipped := int64(0)
	for i := len(sequence) - 1; i >= 0 && int64(len(page)) < l.limit; i-- {
		o := sequence[i]
		if !l.holds(o) {
			continue
		}
		if skipped < l.skip {
			skipped++
			continue
		}
		page = append(page, o.render())
	}
	return page
}

func (l listing) holds(o *order) bool {
	at := o.CreatedAt.UnixMilli()
	return !o.V2 && at >= l.from && at < l.before && !o.CreatedAt.After(l.youngestShown) &&
		(l.retailer == "" || l.retailer == o.req.Retailer)
}
