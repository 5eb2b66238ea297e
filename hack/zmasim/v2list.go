package zmasim

import (
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"time"
)

const (
	defaultListLimitV2 = 20
	maxListLimitV2     = 100
)

// listingV2 is the query of GET /orders.
type listingV2 struct {
	limit, offset int64
	status, id    string
	after, before time.Time
	metadataKey   string
	metadataValue string
	now, youngest time.Time
}

// listOrdersV2 gives the latest first.
func (s *Server) listOrdersV2(c call) (a answer) {
	l, wrong := readListingV2(c.Request.URL.Query())
	if len(wrong) > 0 {
		return refusedByValidator(wrong)
	}
	s.update(func() {
		l.now = s.opts.Now()
		l.youngest = l.now.Add(-max(s.listingLag, c.Lag))
		page, total := []map[string]any{}, int64(0)
		for i := len(s.sequence) - 1; i >= 0; i-- {
			o := s.sequence[i]
			if !l.holds(o) {
				continue
			}
			if total >= l.offset && int64(len(page)) < l.limit {
				page = append(page, o.renderV2(l.now))
			}
			total++
		}
		a = jsonAnswer(http.StatusOK, map[string]any{"orders": page, "total": total, "limit": l.limit, "offset": l.offset})
	})
	return a
}

func readListingV2(q url.Values) (listingV2, []validatorErrorV2) {
	var c checkV2
	l := listingV2{
		limit: number(q, "limit", defaultListLimitV2), offset: number(q, "offset", 0), status: q.Get("status_filter"), id: q.Get("order_id"),
		metadataKey: q.Get("metadata_key"), metadataValue: q.Get("metadata_value"), before: time.Unix(math.MaxInt32, 0),
	}
	c.that(l.limit >= 1 && l.limit <= maxListLimitV2, "must be from 1 to 100", "limit")
	c.that(q.Has("metadata_key") == q.Has("metadata_value"), "must be sent together", "metadata_key")
	for name, at := range map[string]*time.Time{"created_after": &l.after, "created_before": &l.before} {
		if text := q.Get(name); text != "" {
			var err error
			*at, err = time.Parse(time.RFC3339, text)
			c.that(err == nil, "must be a time", name)
		}
	}
	return l, c.errs
}

// holds: a filter on metadata is exact, and on its top level alone.
func (l listingV2) holds(o *order) bool {
	if !o.V2 || o.CreatedAt.After(l.youngest) || o.CreatedAt.Before(l.after) || !o.CreatedAt.Before(l.before) {
		return false
	}
	if l.id != "" && l.id != o.ID || l.status != "" && l.status != o.statusV2(l.now) {
		return false
	}
	if l.metadataKey == "" {
		return true
	}
	var sent requestV2
	_ = json.Unmarshal(o.Body, &sent) // parsed before
	value, isText := sent.Metadata[l.metadataKey].(string)
	return isText && value == l.metadataValue
}
