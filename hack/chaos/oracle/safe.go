package oracle

import (
	"errors"
	"fmt"

	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// Quick checks what must hold at every moment, by the provider's record alone: no
// order is bought twice, each key is one attempt's and one body's, and no attempt
// came before proof that the last had failed.
func Quick(scripts []Script, record zmasim.Record) []Violation {
	b := open(Evidence{Record: record})
	var out []Violation
	for _, s := range scripts {
		if err := errors.Join(b.boughtOnce(s), b.keysAreAttempts(s), b.sameBody(s), b.provenFirst(s)); err != nil {
			out = append(out, Violation{Script: s, Err: err})
		}
	}
	return out
}

// safe is Quick for one order, with the ledger's word added.
func safe(s Script, b *books) error {
	return errors.Join(b.boughtOnce(s), b.keysAreAttempts(s), b.sameBody(s), b.provenFirst(s), b.ledgerKnows(s))
}

func (b *books) boughtOnce(s Script) error {
	if n := len(b.purchases[s.Identity]); n > 1 {
		return fmt.Errorf("it was bought %d times", n)
	}
	return nil
}

// keysAreAttempts checks that attempts and keys are the same, one for one.
func (b *books) keysAreAttempts(s Script) error {
	keyOf, attemptOf := map[int64]string{}, map[string]int64{}
	for _, q := range b.calls[s.Identity] {
		if q.Key == "" || q.Attempt < 1 {
			return fmt.Errorf("a paid call had the key %q and the attempt %d", q.Key, q.Attempt)
		}
		if key, ok := keyOf[q.Attempt]; ok && key != q.Key {
			return fmt.Errorf("attempt %d was sent under two keys, %s and %s", q.Attempt, key, q.Key)
		}
		if attempt, ok := attemptOf[q.Key]; ok && attempt != q.Attempt {
			return fmt.Errorf("the key %s was sent for the attempts %d and %d", q.Key, attempt, q.Attempt)
		}
		keyOf[q.Attempt], attemptOf[q.Key] = q.Key, q.Attempt
	}
	return nil
}

// sameBody checks that each repeat of a key is a repeat of its body.
func (b *books) sameBody(s Script) error {
	body := map[string]string{}
	for _, q := range b.calls[s.Identity] {
		if sum, ok := body[q.Key]; ok && sum != q.BodySHA256 {
			return fmt.Errorf("the key %s was sent with two bodies", q.Key)
		}
		body[q.Key] = q.BodySHA256
	}
	return nil
}

// ledgerKnows checks that each attempt that was sent is in the ledger, under its
// key.
func (b *books) ledgerKnows(s Script) error {
	var errs []error
	keyOf := map[int64]string{}
	for _, a := range b.Attempts[s.ID] {
		keyOf[a.Number] = a.Key
	}
	told := map[int64]bool{}
	for _, q := range b.calls[s.Identity] {
		if keyOf[q.Attempt] != q.Key && !told[q.Attempt] {
			told[q.Attempt] = true
			errs = append(errs, fmt.Errorf("attempt %d was sent under %s, the ledger has %q", q.Attempt, q.Key, keyOf[q.Attempt]))
		}
	}
	return errors.Join(errs...)
}
