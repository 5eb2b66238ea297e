package ledger

import (
	"fmt"
	"slices"
	"time"
)

// The kinds of AuditFinding.
const (
	// FindingChangedRow is a row that is not what was sealed.
	FindingChangedRow = "changed row"
	// FindingMissingRow is a row that was sealed and is not there.
	FindingMissingRow = "missing row"
	// FindingAddedRow is a row among sealed ones that was not sealed with them.
	FindingAddedRow = "added row"
	// FindingSwappedRows are two rows, each of which is what was sealed as the other.
	FindingSwappedRows = "swapped rows"
	// FindingEditedBlock is a block whose digest is not that of what it says.
	FindingEditedBlock = "edited block"
	// FindingMissingBlock is a number that the chain jumps over.
	FindingMissingBlock = "missing block"
	// FindingBrokenLink is a block that does not follow the one before it.
	FindingBrokenLink = "broken link"
	// FindingUnknownFormat is a block of a later program, or an edited one.
	FindingUnknownFormat = "unknown format"
	// FindingTruncatedTail is a chain that ends before the head that was kept.
	FindingTruncatedTail = "truncated tail"
	// FindingOtherHead is a block that is not the head that was kept.
	FindingOtherHead = "other than the anchored head"
)

// AuditFinding is one way in which the trail is not what was sealed. It names
// places and never contents.
type AuditFinding struct {
	// Kind is one of the Finding constants.
	Kind string `json:"kind"`
	// Block concerned.
	Block int64 `json:"block"`
	// RowIDs of audit_log concerned; none when it is the block.
	RowIDs []int64 `json:"rowIDs,omitempty"`

	sealed, found AuditDigest
}

// maxAuditFindings bounds a report: nobody reads more, and a trail that is gone
// must not fill the memory.
const maxAuditFindings = 1000

// AuditReport is the result of VerifyAudit.
type AuditReport struct {
	// Head of the chain as it is stored.
	Head AuditHead `json:"head"`
	// Blocks and Rows of it that were read.
	Blocks int64 `json:"blocks"`
	Rows   int64 `json:"rows"`
	// Unsealed rows; they are no error, and nothing is known of them.
	Unsealed int64 `json:"unsealed"`
	// OldestUnsealed is the time of the oldest of them.
	OldestUnsealed *time.Time `json:"oldestUnsealed,omitempty"`
	// Findings in the order of the chain; at most 1000.
	Findings []AuditFinding `json:"findings,omitempty"`
	// MoreFindings counts those that were left out.
	MoreFindings int64 `json:"moreFindings,omitempty"`
}

// Sound tells whether everything that was sealed is there as it was.
func (r *AuditReport) Sound() bool { return len(r.Findings) == 0 }

func (r *AuditReport) add(f AuditFinding) {
	if len(r.Findings) == maxAuditFindings {
		r.MoreFindings++
		return
	}
	r.Findings = append(r.Findings, f)
}

// pairSwapped makes one finding of two changed rows that changed places.
func (r *AuditReport) pairSwapped() {
	type pair struct{ sealed, found AuditDigest }
	waiting := map[pair]int{}
	paired := map[int]bool{}
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Kind != FindingChangedRow {
			continue
		}
		first, ok := waiting[pair{f.found, f.sealed}]
		if !ok {
			waiting[pair{f.sealed, f.found}] = i
			continue
		}
		delete(waiting, pair{f.found, f.sealed})
		r.Findings[first].Kind = FindingSwappedRows
		r.Findings[first].RowIDs = append(r.Findings[first].RowIDs, f.RowIDs...)
		paired[i] = true
	}
	i := -1
	r.Findings = slices.DeleteFunc(r.Findings, func(AuditFinding) bool { i++; return paired[i] })
}

// String names the place.
func (f AuditFinding) String() string {
	if len(f.RowIDs) == 0 {
		return fmt.Sprintf("block %d: %s", f.Block, f.Kind)
	}
	return fmt.Sprintf("block %d: %s %s", f.Block, f.Kind, joinIDs(f.RowIDs))
}

func joinIDs(ids []int64) string {
	s := fmt.Sprint(ids[0])
	for _, id := range ids[1:] {
		s += fmt.Sprintf(" and %d", id)
	}
	return s
}
