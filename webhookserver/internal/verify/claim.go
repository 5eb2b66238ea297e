package verify

import "time"

// claim is what a request's headers say of it. None of it is true before a secret
// proves it.
type claim struct {
	// readable is false when a header is missing, given twice or malformed.
	readable  bool
	messageID string
	// signedAt is zero for schemes that sign no time.
	signedAt time.Time
}

// settle judges a claim once all the work is done, so that every refusal has cost
// the same. The time counts last: out of tolerance is what was signed with a
// secret, not what somebody has made up.
func (c claim) settle(r Request, by *Secret) (Result, error) {
	switch {
	case !c.readable:
		return Result{}, ErrNoSignature
	case by == nil:
		return Result{}, ErrMismatch
	case !c.signedAt.IsZero() && !within(c.signedAt, r.Now, r.Tolerance):
		return Result{}, ErrStale
	}
	return Result{Index: by.Index, Secret: by.Name, MessageID: c.messageID, SignedAt: c.signedAt}, nil
}

func within(sent, now time.Time, tolerance time.Duration) bool {
	return !sent.Before(now.Add(-tolerance)) && !sent.After(now.Add(tolerance))
}

// match returns the first secret that proves a request, nil if none does. The
// others are tried too: the time must not tell which one it was.
func match(secrets []Secret, proves func(value []byte) bool) *Secret {
	var matched *Secret
	for i := range secrets {
		if proves(secrets[i].Value) && matched == nil {
			matched = &secrets[i]
		}
	}
	return matched
}
