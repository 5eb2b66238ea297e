package zmasim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// entry is one thing to remember; exactly one of its pointers is set. A later entry
// about the same thing replaces an earlier one.
type entry struct {
	Index        int           `json:"index,omitempty"` // of Request and Purchase
	Request      *Request      `json:"request,omitempty"`
	Purchase     *Purchase     `json:"purchase,omitempty"`
	Order        *order        `json:"order,omitempty"`
	Cancellation *cancellation `json:"cancellation,omitempty"`
	Return       *goodsReturn  `json:"return,omitempty"`
	Transaction  *transaction  `json:"transaction,omitempty"`
	Answer       *keyedAnswer  `json:"answer,omitempty"`
}

// journal is the state file: one line per change, each a list of entries.
// It outlives the process, not the machine: lines are not synced to disk.
type journal struct{ file *os.File }

func (j *journal) close() error { return j.file.Close() }

func (s *Server) note(e entry) {
	if s.journal != nil {
		s.batch = append(s.batch, e)
	}
}

func (s *Server) noteOrder(o *order)               { s.note(entry{Order: o}) }
func (s *Server) noteCancellation(x *cancellation) { s.note(entry{Cancellation: x}) }

// flush writes the entries of one change as one line.
func (s *Server) flush() {
	if len(s.batch) == 0 {
		return
	}
	line := append(mustJSON(s.batch), '\n')
	s.batch = nil
	if _, err := s.journal.file.Write(line); err != nil {
		s.opts.Logf("state file: %v", err)
	}
}

// openJournal reads the state file back and goes on at its end. A last line cut short by a kill
// is a change that was never answered; it is cut off.
func (s *Server) openJournal() error {
	if s.opts.StateFile == "" {
		return nil
	}
	file, err := os.OpenFile(s.opts.StateFile, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	whole, err := s.readBack(file)
	if err == nil {
		err = errors.Join(file.Truncate(whole), seek(file, whole))
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	s.journal = &journal{file: file}
	return nil
}

func seek(file *os.File, offset int64) error {
	_, err := file.Seek(offset, io.SeekStart)
	return err
}

// readBack returns the length of the whole lines.
func (s *Server) readBack(file *os.File) (int64, error) {
	data, err := io.ReadAll(file)
	if err != nil {
		return 0, err
	}
	whole := bytes.LastIndexByte(data, '\n') + 1
	for number, line := range bytes.Split(data[:whole], []byte{'\n'}) {
		if len(line) == 0 {
			continue
		}
		var batch []entry
		if err := json.Unmarshal(line, &batch); err != nil {
			return 0, fmt.Errorf("line %d: %w", number+1, err)
		}
		for _, e := range batch {
			s.restore(e)
		}
	}
	return int64(whole), nil
}

func (s *Server) restore(e entry) {
	switch {
	case e.Request != nil:
		s.record.Requests = setAt(s.record.Requests, e.Index, *e.Request)
	case e.Purchase != nil:
		s.record.Purchases = setAt(s.record.Purchases, e.Index, *e.Purchase)
		s.purchaseOf[e.Purchase.RequestID] = e.Index
	case e.Order != nil:
		s.restoreOrder(e.Order)
	case e.Cancellation != nil:
		s.cancellations[e.Cancellation.ID] = e.Cancellation
	case e.Return != nil:
		s.returns[e.Return.ID] = e.Return
	case e.Transaction != nil:
		s.transactions = append(s.transactions, *e.Transaction)
		s.balance = e.Transaction.Balance
	case e.Answer != nil:
		s.answers[e.Answer.Name] = *e.Answer
	}
}

func (s *Server) restoreOrder(o *order) {
	o.derive(s.opts.Token)
	known, ok := s.orders[o.ID]
	if !ok {
		s.keep(o)
		return
	}
	*known = *o
}

func setAt[T any](list []T, index int, value T) []T {
	for len(list) <= index {
		var zero T
		list = append(list, zero)
	}
	list[index] = value
	return list
}

// resume plans what was still to happen when the state was read back.
func (s *Server) resume() {
	s.update(func() {
		for _, o := range s.sequence {
			if o.processing() {
				s.scheduleSettle(o)
			} else if o.Phase == phaseSucceeded {
				s.scheduleAfterSuccess(o)
			}
		}
		for _, x := range s.cancellations {
			s.scheduleCancellation(x)
		}
		for _, g := range s.returns {
			s.scheduleReturn(g)
		}
	})
}
