package callback

import "strings"

// maxRequestID is what the status of an order holds of a request ID.
const maxRequestID = 64

// Hint says that the provider has news of an order. Callbacks of version 1 name
// the order by their URL; those of version 2 know its request ID alone, and the
// account that they are for. It is no truth about the order, and may be lost.
type Hint struct {
	// Namespace of the order and its account.
	Namespace string
	// Order is the name of the ZMAOrder; empty when only its request ID is known.
	Order string
	// Account and RequestID find the order when Order is empty. The account counts:
	// its secret must not vouch for another account's orders.
	Account, RequestID string
}

// String is the hint as it travels between processes, "namespace/order" or
// "namespace/account/requestID"; empty when it names no order.
func (h Hint) String() string {
	switch {
	case h.Namespace == "":
		return ""
	case h.Order != "":
		return h.Namespace + "/" + h.Order
	case h.Account == "" || !ValidRequestID(h.RequestID):
		return ""
	}
	return h.Namespace + "/" + h.Account + "/" + h.RequestID
}

// ParseHint reads what String writes, and nothing else.
func ParseHint(s string) (Hint, bool) {
	var h Hint
	switch parts := strings.Split(s, "/"); len(parts) {
	case 2:
		h = Hint{Namespace: parts[0], Order: parts[1]}
	case 3:
		h = Hint{Namespace: parts[0], Account: parts[1], RequestID: parts[2]}
	}
	return h, s != "" && h.String() == s
}

// ValidRequestID tells whether a text can be a request ID: up to 64 letters,
// digits, dots, dashes and underscores. It comes from outside, and goes into logs
// and between separators.
func ValidRequestID(id string) bool {
	return id != "" && len(id) <= maxRequestID && !strings.ContainsFunc(id, notInRequestID)
}

func notInRequestID(c rune) bool {
	letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
	digit := '0' <= c && c <= '9'
	return !letter && !digit && c != '.' && c != '_' && c != '-'
}
