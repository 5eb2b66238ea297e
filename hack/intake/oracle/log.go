package oracle

import "time"

// Memory is how long a row may be in a replica alone while PostgreSQL answers:
// what was answered that shortly before a kill may be missing from the log.
const Memory = 5 * time.Second

// Missing counts the answers without a row that neither a kill nor the count of
// dropped rows explains, and those that a kill explains.
func Missing(e Evidence) (unexplained []Try, killed int) {
	rows := map[string]bool{}
	for _, r := range e.Rows {
		rows[r.RequestID] = true
	}
	for _, d := range e.Deliveries {
		for _, t := range d.Tries {
			switch {
			case t.Status == 0 || rows[t.RequestID]:
			case e.lost(t):
				killed++
			default:
				unexplained = append(unexplained, t)
			}
		}
	}
	return unexplained, killed
}

// lost tells whether a replica that answered was killed before it had to have
// written the row.
func (e Evidence) lost(t Try) bool {
	for _, k := range e.Kills {
		if k.Replica == t.Replica && !t.Answered.After(k.At.Add(time.Second)) && k.At.Sub(t.Answered) < Memory {
			return true
		}
	}
	return false
}

// log: every answered request is in the log, as it was answered, or counted as
// dropped; nothing else is, and nothing private.
func (b *books) log() {
	if missing, _ := Missing(b.Evidence); len(missing) > b.Dropped {
		b.say("every answer is in the log", "", "%d answers have no row, and %d rows are counted as dropped; the first is %s of %s",
			len(missing), b.Dropped, missing[0].RequestID, missing[0].Answered.Format(clock))
	}
	for _, leak := range b.Leaks {
		b.say("nothing private is logged", "", "%s", leak)
	}
	tries := map[string]Try{}
	for _, d := range b.Deliveries {
		for _, t := range d.Tries {
			tries[t.RequestID] = t
		}
	}
	for _, r := range b.Rows {
		t, sent := tries[r.RequestID]
		switch {
		case !sent:
			b.say("the log tells what happened", "", "a row of %q, which nobody has sent", r.RequestID)
		case t.Status != 0 && t.Status != r.Status:
			b.say("the log tells what happened", "", "%s was answered with %d, the row says %d", r.RequestID, t.Status, r.Status)
		case taken(t.Status) && t.Order != r.Order:
			b.say("the log tells what happened", "", "%s was answered with order %s, the row says %q", r.RequestID, t.Order, r.Order)
		}
	}
}
