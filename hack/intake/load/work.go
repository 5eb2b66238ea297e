package load

import (
	"context"
	"slices"
	"time"
)

// Work is something to be done many times. Next makes one piece ready, so that
// what it takes to make it is not measured; it is called by one goroutine at a
// time. The piece tells how it ended: an empty word is success.
type Work interface {
	Next() func(context.Context) string
}

// Quantile of sorted times, by the nearest rank; 0 when there are none.
func Quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// Median of values; 0 when there are none. Of an even number it is the mean of the
// two in the middle.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
