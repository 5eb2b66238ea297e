package measure

import "fmt"

// Purchases is how often the provider bought what was ordered, by its own record.
type Purchases struct {
	// Orders that were sent in all, before the outage and during it.
	Orders int `json:"orders"`
	// Once, Never and More count the orders by how often they were bought.
	Once  int `json:"once"`
	Never int `json:"never"`
	More  int `json:"more"`
	// Foreign are purchases of something that was not ordered.
	Foreign int `json:"foreign"`
	// SeveralKeys are orders that were sent under more than one key: a purchase
	// that the provider would not recognise as a repeat.
	SeveralKeys int `json:"severalKeys"`
}

// OneEach tells whether every order was bought exactly once, and nothing else.
func (p Purchases) OneEach() bool {
	return p.Once == p.Orders && p.Foreign == 0 && p.SeveralKeys == 0
}

func (p Purchases) broken() string {
	return fmt.Sprintf("of %d orders %d were bought exactly once, %d never, %d more often; %d purchases were of nothing ordered; %d orders went under several keys",
		p.Orders, p.Once, p.Never, p.More, p.Foreign, p.SeveralKeys)
}

func (r Run) purchases() Purchases {
	identities := append([]string{}, r.Warm...)
	for _, o := range r.Backlog {
		identities = append(identities, o.Identity)
	}
	bought := map[string]int{}
	for _, p := range r.Record.Purchases {
		bought[p.Identity]++
	}
	out := Purchases{Orders: len(identities)}
	for _, identity := range identities {
		switch bought[identity] {
		case 0:
			out.Never++
		case 1:
			out.Once++
		default:
			out.More++
		}
		if len(r.Record.KeysOf(identity)) > 1 {
			out.SeveralKeys++
		}
		delete(bought, identity)
	}
	for _, n := range bought {
		out.Foreign += n
	}
	return out
}
