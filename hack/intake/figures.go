package intake

import (
	"slices"
	"time"

	"github.com/zma-operator/zma-operator/hack/intake/load"
	"github.com/zma-operator/zma-operator/hack/intake/oracle"
)

// Figures of deliveries.
type Figures struct {
	// Deliveries, and those of them that were taken in the end.
	Deliveries, Taken int
	// FirstTries are those of the taken ones that were taken at the first try.
	FirstTries int
	// Tries of all deliveries.
	Tries int
	// Answers by status, and FirstAnswers those to first tries of the taken.
	Answers, FirstAnswers map[int]int
	// Troubles are tries without an answer, by their cause.
	Troubles map[string]int
	// P50, P99 and Longest time from the first try of a taken delivery to its end.
	P50, P99, Longest time.Duration
	// AnswerP99 and LongestAnswer of a single try.
	AnswerP99, LongestAnswer time.Duration
}

func figuresOf(deliveries []oracle.Delivery) Figures {
	f := Figures{Deliveries: len(deliveries), Answers: map[int]int{}, FirstAnswers: map[int]int{}, Troubles: map[string]int{}}
	var ends, answers []time.Duration
	for _, d := range deliveries {
		f.Tries += len(d.Tries)
		for _, t := range d.Tries {
			if t.Status == 0 {
				f.Troubles[t.Trouble]++
				continue
			}
			f.Answers[t.Status]++
			answers = append(answers, t.Answered.Sub(t.Sent))
		}
		last := d.Last()
		if last.Status != 200 && last.Status != 202 {
			continue
		}
		f.Taken++
		f.FirstAnswers[d.Tries[0].Status]++
		if len(d.Tries) == 1 {
			f.FirstTries++
		}
		ends = append(ends, last.Answered.Sub(d.Tries[0].Sent))
	}
	slices.Sort(ends)
	slices.Sort(answers)
	f.P50, f.P99, f.Longest = load.Quantile(ends, .5), load.Quantile(ends, .99), load.Quantile(ends, 1)
	f.AnswerP99, f.LongestAnswer = load.Quantile(answers, .99), load.Quantile(answers, 1)
	return f
}

// share is a part of a whole; 0 of nothing.
func share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}
