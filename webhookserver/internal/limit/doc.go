// Package limit holds rate limiters by key, bounded in number, so that a flood
// from many addresses can't fill the memory, and lets replicas share them.
//
// Each replica decides alone and at once. About once a Period it exchanges with
// the others, through one number for each key: when the bucket is full again. With
// a rate of r, a burst of b and n replicas, all together admit in any span of w
//
//	r × (w + n × Slack) + n × b
//
// at most, and r in the long run. What one bucket for all would have admitted is
// never refused, however it is spread over the replicas, as long as an exchange
// takes less than a Period. When exchanges fail, each replica goes on alone: r × w
// + b for each of them.
package limit
