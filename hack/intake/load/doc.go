// Package load makes load and measures it: a closed loop, to find how much a
// server can do, and an open model, in which work arrives whether or not the
// server keeps up, as it does in life.
package load
