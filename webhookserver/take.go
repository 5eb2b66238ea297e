package webhookserver

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// storesPerDelivery are with the API server at once for one delivery of several
// orders: one after the other, fifty would outlast the time that they have.
const storesPerDelivery = 8

// take stores the orders of one delivery. Several are rehearsed first: nothing is
// made of a body of which a part would be refused.
func (s *Server) take(x *exchange, orders []*v1alpha1.ZMAOrder) (*answer, error) {
	// A sender that hangs up does not end it: it may be less patient than the API
	// server is slow, and would never get its order stored.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(x.r.Context()), s.o.StoreLine+s.o.CreateTimeout)
	defer cancel()
	if len(orders) > 1 {
		if err := s.each(ctx, orders, func(i int) error { return s.rehearse(ctx, orders[i]) }); err != nil {
			return nil, err
		}
	}
	how := make([]stored, len(orders))
	err := s.each(ctx, orders, func(i int) (err error) {
		began := s.o.Now()
		how[i], err = s.store(ctx, orders[i])
		x.stored(s.o.Now().Sub(began))
		return err
	})
	if err != nil {
		return nil, err
	}
	a := &answer{status: http.StatusOK, outcome: "repeated", order: orders[0].Name, body: namesOf(orders)}
	if slices.Contains(how, storedNew) {
		a.status, a.outcome = http.StatusAccepted, "accepted"
	}
	if slices.Contains(how, storedReplay) {
		x.event = eventReplay
	}
	return a, nil
}

// each asks the API server one thing about every order, some at once, and says
// which order was refused. All are tried, so that a repetition finds less to do.
func (s *Server) each(ctx context.Context, orders []*v1alpha1.ZMAOrder, ask func(i int) error) error {
	if len(orders) == 1 {
		// In the request's own goroutine, whose stack has grown already.
		return s.inLine(ctx, func() error { return ask(0) })
	}
	errs := make([]error, len(orders))
	var g errgroup.Group
	g.SetLimit(storesPerDelivery)
	for i := range orders {
		g.Go(func() error {
			errs[i] = s.inLine(ctx, func() error { return ask(i) })
			return nil
		})
	}
	_ = g.Wait() // the errors are in errs, by order
	for i, err := range errs {
		if err != nil {
			return inList(err, i, len(orders))
		}
	}
	return nil
}

// inLine waits for a turn at the API server, and survives a defect as guarded
// does: it may be in another goroutine than the request's.
func (s *Server) inLine(ctx context.Context, ask func() error) (err error) {
	release, err := s.stores.await(ctx, s.o.StoreLine)
	if err != nil {
		return err
	}
	defer release()
	defer func() {
		if v := recover(); v != nil {
			err = internalError(fmt.Errorf("panic of type %T at %s", v, debug.Stack()))
		}
	}()
	return ask()
}

func namesOf(orders []*v1alpha1.ZMAOrder) accepted {
	if len(orders) == 1 {
		return accepted{Order: orders[0].Name, Namespace: orders[0].Namespace}
	}
	body := accepted{Namespace: orders[0].Namespace}
	for _, o := range orders {
		body.Orders = append(body.Orders, o.Name)
	}
	return body
}
