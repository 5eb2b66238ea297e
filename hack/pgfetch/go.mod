// The download of PostgreSQL's binaries, for machines without them. A module of
// its own, so that the product's go.mod stays small.
module github.com/zma-operator/zma-operator/hack/pgfetch

go 1.26.0

require github.com/fergusstrange/embedded-postgres v1.34.0

require (
	github.com/lib/pq v1.10.9 // indirect
	github.com/xi2/xz v0.0.0-20171230120015-48954b6210f8 // indirect
)
