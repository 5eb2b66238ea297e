package records

import (
	"regexp"
	"strings"
)

// Query is a ready query of a page of documentation.
type Query struct {
	// Title is the heading above it.
	Title string
	// SQL as it stands there.
	SQL string
}

const fence = "```"

var heading = regexp.MustCompile(`^#+ (.+)$`)

// Queries finds the blocks marked as sql in a page of Markdown, in their order.
func Queries(markdown string) []Query {
	var out []Query
	var title string
	var block []string
	inside := false
	for line := range strings.Lines(markdown) {
		line = strings.TrimRight(line, "\n")
		switch m := heading.FindStringSubmatch(line); {
		case inside && line == fence:
			out = append(out, Query{Title: title, SQL: strings.Join(block, "\n")})
			inside = false
		case inside:
			block = append(block, line)
		case line == fence+"sql":
			inside, block = true, nil
		case m != nil:
			title = m[1]
		}
	}
	return out
}
