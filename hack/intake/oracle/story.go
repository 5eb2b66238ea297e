package oracle

import (
	"fmt"
	"strings"
)

// clock is how times are shown.
const clock = "15:04:05.000"

// mostTold bounds a story.
const mostTold = 12

// story tells the tries of deliveries.
func story(deliveries []Delivery) string {
	var out []string
	for i, d := range deliveries {
		for _, t := range d.Tries {
			what := fmt.Sprint(t.Status)
			if t.Status == 0 {
				what = t.Trouble
			}
			out = append(out, fmt.Sprintf("%d>%s %s %s", i, t.Replica, t.Sent.Format(clock), what))
		}
	}
	if cut := len(out) - mostTold; cut > 0 {
		out = append(out[:mostTold], fmt.Sprintf("and %d more", cut))
	}
	return strings.Join(out, ", ")
}
