package records

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Figure is how long one query took.
type Figure struct {
	// Title of the query.
	Title string
	// Least, Median and Most of the runs.
	Least, Median, Most time.Duration
	// Rows that it gave.
	Rows int64
	// Plan is the way to the rows: each scan and the rows that it read.
	Plan string
}

// Measure runs a query a number of times, from 1, after one that warms the caches
// and tells the plan. The rows are read to the end.
func Measure(ctx context.Context, conn *pgx.Conn, q Query, runs int) (Figure, error) {
	f, err := measure(ctx, conn, q, max(1, runs))
	if err != nil {
		return f, fmt.Errorf("%s: %w", q.Title, err)
	}
	return f, nil
}

func measure(ctx context.Context, conn *pgx.Conn, q Query, runs int) (Figure, error) {
	f := Figure{Title: q.Title}
	if !isCopy(q.SQL) {
		plan, err := Explain(ctx, conn, q.SQL)
		if err != nil {
			return f, err
		}
		f.Plan = plan.String()
	}
	var took []time.Duration
	for range runs {
		start := time.Now()
		rows, err := read(ctx, conn, q.SQL)
		if err != nil {
			return f, err
		}
		took, f.Rows = append(took, time.Since(start)), rows
	}
	slices.Sort(took)
	f.Least, f.Median, f.Most = took[0], took[len(took)/2], took[len(took)-1]
	return f, nil
}

// read takes all rows of a query or of a COPY to STDOUT.
func read(ctx context.Context, conn *pgx.Conn, sql string) (int64, error) {
	if isCopy(sql) {
		tag, err := conn.PgConn().CopyTo(ctx, io.Discard, sql)
		return tag.RowsAffected(), err
	}
	rows, err := conn.Query(ctx, sql)
	if err != nil {
		return 0, err
	}
	var n int64
	for rows.Next() {
		n++
	}
	return n, rows.Err()
}

func isCopy(sql string) bool { return strings.HasPrefix(strings.TrimSpace(sql), "COPY") }

// Node is a step of a plan, as EXPLAIN (FORMAT JSON) names it.
type Node struct {
	// Type of the step, such as "Seq Scan".
	Type string `json:"Node Type"`
	// Relation that it reads; empty for none.
	Relation string `json:"Relation Name"`
	// Index that it reads; empty for none.
	Index string `json:"Index Name"`
	// Rows per loop, and Loops.
	Rows  float64 `json:"Actual Rows"`
	Loops float64 `json:"Actual Loops"`
	// Removed are rows per loop that were read in vain.
	Removed float64 `json:"Rows Removed by Filter"`
	// Buffers read by the step and those below it, in pages.
	Hit  int64 `json:"Shared Hit Blocks"`
	Read int64 `json:"Shared Read Blocks"`
	// Plans below.
	Plans []Node `json:"Plans"`
}

// Explain runs a query and gives its plan with what it read.
func Explain(ctx context.Context, conn *pgx.Conn, sql string) (Node, error) {
	var raw []byte
	if err := conn.QueryRow(ctx, `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) `+sql).Scan(&raw); err != nil {
		return Node{}, err
	}
	var plans []struct{ Plan Node }
	if err := json.Unmarshal(raw, &plans); err != nil {
		return Node{}, err
	}
	if len(plans) != 1 {
		return Node{}, errors.New("not one plan")
	}
	return plans[0].Plan, nil
}

// Scans are the steps that read a relation, from the outermost inwards.
func (n Node) Scans() []Node {
	var out []Node
	if n.Relation != "" || n.Index != "" {
		out = append(out, n)
	}
	for _, p := range n.Plans {
		out = append(out, p.Scans()...)
	}
	return out
}

// String tells the scans in short.
func (n Node) String() string {
	var out []string
	for _, s := range n.Scans() {
		name := s.Index
		if name == "" {
			name = s.Relation
		}
		out = append(out, fmt.Sprintf("%s %s (%.0f rows)", s.Type, name, s.Rows*s.Loops))
	}
	return strings.Join(out, ", ")
}
