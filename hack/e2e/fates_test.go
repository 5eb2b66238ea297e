package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1 "k8s.io/api/core/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// TestProviderFaultsEndInOnePurchase lets the paid call fail in every way that
// the provider's side and the network have; each order ends Ready all the same.
func TestProviderFaultsEndInOnePurchase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	faults := []zmasim.Fault{
		{Kind: zmasim.DropAfter}, {Kind: zmasim.DropBefore}, {Kind: zmasim.ErrorBefore, Status: 503}, {Kind: zmasim.ErrorAfter, Status: 500},
		{Kind: zmasim.TooManyRequests, RetryAfter: time.Second}, {Kind: zmasim.Malformed}, {Kind: zmasim.NoRequestID},
		{Kind: zmasim.HTML502}, {Kind: zmasim.LateEffect, Delay: 2 * time.Second},
	}
	names := map[string]string{}
	for i, f := range faults {
		id := fmt.Sprintf("%d-%s", i, f.Kind)
		f.Method, f.PathPrefix, f.Identity, f.Times = "POST", "/v1/orders", w.identity(id), 2
		w.sim.AddFault(f)
		names[id] = w.send(shop.NewOrder(id, item(zmasim.ProductOK)))
	}
	for id, name := range names {
		o := w.waitFor(name, "Ready after "+id, isReady)
		w.check(w.boughtOnce(id))
		w.check(w.accountedOnce(id))
		if o.Status.Submission.Attempt != 1 {
			t.Errorf("%s took %d attempts", id, o.Status.Submission.Attempt)
		}
	}
}

// TestRefusalsGiveTheMoneyBack checks for some codes of each class who has to act,
// that nothing was bought, and that nothing stays reserved.
func TestRefusalsGiveTheMoneyBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	wanted := map[string]string{
		"product_unavailable":      v1alpha1.ReasonRejected,
		"shipping_address_refused": v1alpha1.ReasonAwaitingAddress,
		"max_price_exceeded":       v1alpha1.ReasonNeedsDecision,
		"account_locked":           v1alpha1.ReasonCredentialsRefused,
		"unheard_of_code":          v1alpha1.ReasonNeedsDecision,
		"internal_error":           v1alpha1.ReasonRetryScheduled,
		"insufficient_zma_balance": v1alpha1.ReasonAwaitingFunds,
	}
	names := map[string]string{}
	for code := range wanted {
		names[code] = w.send(shop.NewOrder(code, item(zmasim.ProductFor(code))))
	}
	for code, reason := range wanted {
		o := w.waitFor(names[code], reason, func(o *v1alpha1.ZMAOrder) bool {
			return readyReason(o) == reason && !meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionFundsReserved)
		})
		if n := len(w.sim.Record().PurchasesOf(w.identity(code))); n != 0 {
			t.Errorf("%s was bought %d times", code, n)
		}
		held, err := w.count("select count(*) from zma_cost_tracking where external_id = $1 and state = 'reserved' and attempt = $2", code, o.Status.Submission.Attempt)
		if err != nil || held != 0 {
			t.Errorf("%s still has %d reservations: %v", code, held, err)
		}
	}
}

func TestAFailureThatMayPassIsTriedAgainUnderANewKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	name := w.send(shop.NewOrder("1001", item(zmasim.ProductFailOnce("insufficient_zma_balance"))))
	o := w.waitFor(name, "Ready", isReady)
	record := w.sim.Record()
	if bought, keys := len(record.PurchasesOf(w.identity("1001"))), len(record.KeysOf(w.identity("1001"))); bought != 1 || keys != 2 || o.Status.Submission.Attempt != 2 {
		t.Errorf("bought %d times under %d keys in attempt %d, want once, 2 keys, attempt 2", bought, keys, o.Status.Submission.Attempt)
	}
}

func TestACorrectedAddressMakesTheOrderGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	order := shop.NewOrder("1001", item(zmasim.ProductOK))
	order.ShippingAddress.State = "ZZ"
	name := w.send(order)
	o := w.waitForReason(name, v1alpha1.ReasonAwaitingAddress)
	patch := client.MergeFrom(o.DeepCopy())
	o.Spec.ShippingAddress.State = "OR"
	w.must(w.client.Patch(t.Context(), o, patch))
	w.waitFor(name, "Ready", isReady)
	w.check(w.boughtOnce("1001"))
}

// TestARecreatedOrderIsNotBoughtAgain deletes a finished order and redelivers its
// webhook: the ledger's record is written back, and nothing is bought.
func TestARecreatedOrderIsNotBoughtAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	order := shop.NewOrder("1001", item(zmasim.ProductOK))
	first := w.waitFor(w.send(order), "Ready", isReady)
	w.must(w.client.Delete(t.Context(), first))
	if !eventually(func() bool { _, err := w.order(first.Name); return apierrors.IsNotFound(err) }) {
		t.Fatal("the finished order does not go")
	}
	second := w.waitFor(w.send(order), "Ready", isReady)
	if second.UID == first.UID || second.Status.Submission.RequestID != first.Status.Submission.RequestID {
		t.Errorf("the new object has request %s, want the old one %s", second.Status.Submission.RequestID, first.Status.Submission.RequestID)
	}
	w.check(w.boughtOnce("1001"))
	w.check(w.accountedOnce("1001"))
}

// TestAnOrderThatLostItsStatusResumes takes the status away, as a restore without
// it does, while the order is under way.
func TestAnOrderThatLostItsStatusResumes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{sim: zmasim.Options{Processing: 4 * time.Second}})
	name := w.send(shop.NewOrder("1001", item(zmasim.ProductOK)))
	w.waitForReason(name, v1alpha1.ReasonProcessing)
	w.operator.Kill()
	o, err := w.order(name)
	w.must(err)
	o.Status = v1alpha1.ZMAOrderStatus{ObservedGeneration: -1}
	w.must(w.client.Status().Update(t.Context(), o))
	w.must(w.operator.Start(t.Context()))
	w.waitFor(name, "Ready", isReady)
	w.check(w.boughtOnce("1001"))
	w.check(w.accountedOnce("1001"))
}

// TestAnOrderCancelledByTheRetailerIsInTheBooks has the retailer cancel what it
// had placed: what was paid is settled, and a person is told.
func TestAnOrderCancelledByTheRetailerIsInTheBooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	name := w.send(shop.NewOrder("1001", item(zmasim.ProductRetailerCancel)))
	w.waitForReason(name, v1alpha1.ReasonCancelledByRetailer)
	w.check(w.accountedOnce("1001"))
	if !eventually(func() bool {
		alerts, err := w.count("select count(*) from admin_alerts where kind = 'OrderCancelledByRetailer' and resolved_at is null")
		return err == nil && alerts == 1
	}) {
		t.Error("no alert is open")
	}
	w.refunded("1001")
}

// TestAnOrderIsNotSentToAnotherProviderAccount changes the account while the
// provider can't be reached.
func TestAnOrderIsNotSentToAnotherProviderAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	w.sim.AddFault(zmasim.Fault{Method: "POST", PathPrefix: "/v1/orders", Kind: zmasim.TooManyRequests, RetryAfter: 3 * time.Second})
	name := w.send(shop.NewOrder("1001", item(zmasim.ProductOK)))
	w.waitForReason(name, v1alpha1.ReasonProviderUnavailable)
	var a v1alpha1.ZMAAccount
	w.must(w.client.Get(t.Context(), types.NamespacedName{Namespace: w.namespace, Name: shop.AccountName}, &a))
	patch := client.MergeFrom(a.DeepCopy())
	a.Spec.ProviderAccountID = "acct-other"
	w.must(w.client.Patch(t.Context(), &a, patch))
	w.sim.ClearFaults()
	w.waitForReason(name, v1alpha1.ReasonProviderAccountChanged)
	if n := len(w.sim.Record().Purchases); n != 0 {
		t.Errorf("%d purchases were made at another account", n)
	}
}

func TestDeletionWaitsForAnOpenAttempt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{sim: zmasim.Options{Processing: 5 * time.Second}})
	name := w.send(shop.NewOrder("1001", item(zmasim.ProductOK)))
	o := w.waitForReason(name, v1alpha1.ReasonProcessing)
	w.must(w.client.Delete(t.Context(), o))
	if o, err := w.order(name); err != nil || o.DeletionTimestamp.IsZero() {
		t.Fatalf("the order went while it may yet be bought: %v", err)
	}
	if !eventually(func() bool { _, err := w.order(name); return apierrors.IsNotFound(err) }) {
		t.Fatal("the order does not go after its end")
	}
	w.check(w.boughtOnce("1001"))
	w.check(w.accountedOnce("1001"))
	gone, err := w.count("select count(*) from orders where external_id = '1001' and deleted_at is not null")
	if err != nil || gone != 1 {
		t.Errorf("the mirror does not know that the order is gone: %v", err)
	}
}

func TestNamespaceOfFinishedOrdersGoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	w.waitFor(w.send(shop.NewOrder("1001", item(zmasim.ProductOK))), "Ready", isReady)
	w.waitForReason(w.send(shop.NewOrder("1002", item(zmasim.ProductFor("product_unavailable")))), v1alpha1.ReasonRejected)
	w.deleteNamespace()
	if !eventually(func() bool {
		var ns corev1.Namespace
		return apierrors.IsNotFound(w.client.Get(t.Context(), types.NamespacedName{Name: w.namespace}, &ns))
	}) {
		t.Error("the namespace does not go")
	}
	w.check(w.boughtOnce("1001"))
}

// TestCallbacksMakeOrdersReadySooner has a poll only every hour, so that callbacks
// alone can have made the order Ready; forged ones are refused.
func TestCallbacksMakeOrdersReadySooner(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{poll: time.Hour})
	name := w.send(shop.NewOrder("1001", item(zmasim.ProductOK)))
	w.waitFor(name, "Ready by a callback", isReady)
	if n := len(w.sim.Record().Callbacks); n == 0 {
		t.Error("the provider has not called back")
	}
	forged, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.operator.WebhookURL()+"/callbacks/v1/"+w.namespace+"/"+shop.AccountName+"/"+name, http.NoBody)
	w.must(err)
	forged.SetBasicAuth("request_succeeded.1", "forged")
	forged.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(forged)
	w.must(err)
	w.must(resp.Body.Close())
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("a forged callback is answered %d, want 401", resp.StatusCode)
	}
}

func TestPollingIsTheNetBeneathCallbacks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{noCallbacks: true})
	w.waitFor(w.send(shop.NewOrder("1001", item(zmasim.ProductOK))), "Ready by polling", isReady)
	w.check(w.boughtOnce("1001"))
}

func TestASuspendedAccountSpendsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	setSuspend := func(on bool) {
		var a v1alpha1.ZMAAccount
		w.must(w.client.Get(t.Context(), types.NamespacedName{Namespace: w.namespace, Name: shop.AccountName}, &a))
		patch := client.MergeFrom(a.DeepCopy())
		a.Spec.Suspend = on
		w.must(w.client.Patch(t.Context(), &a, patch))
	}
	setSuspend(true)
	name := w.send(shop.NewOrder("1001", item(zmasim.ProductOK)))
	w.waitForReason(name, v1alpha1.ReasonSuspended)
	if n := len(w.sim.Record().KeysOf(w.identity("1001"))); n != 0 {
		t.Errorf("%d calls were made while suspended", n)
	}
	setSuspend(false)
	w.waitFor(name, "Ready", isReady)
	w.check(w.boughtOnce("1001"))
}

// TestCancellingARefusedOrderIsRemembered deletes an order that was refused and
// then cancelled, and redelivers its webhook: it must not be bought now.
func TestCancellingARefusedOrderIsRemembered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	order := shop.NewOrder("1001", item(zmasim.ProductFailOnce("shipping_address_refused")))
	name := w.send(order)
	o := w.waitForReason(name, v1alpha1.ReasonAwaitingAddress)
	patch := client.MergeFrom(o.DeepCopy())
	o.Spec.Cancel = true
	w.must(w.client.Patch(t.Context(), o, patch))
	w.waitForReason(name, v1alpha1.ReasonCancelled)
	w.must(w.client.Delete(t.Context(), o))
	if !eventually(func() bool { _, err := w.order(name); return apierrors.IsNotFound(err) }) {
		t.Fatal("the cancelled order does not go")
	}
	w.waitForReason(w.send(order), v1alpha1.ReasonCancelled)
	if n := len(w.sim.Record().Purchases); n != 0 {
		t.Errorf("%d purchases were made of a cancelled order", n)
	}
}

// TestPolicyHoldsTheFastCustomer has a policy of one order an hour, and none
// twice.
func TestPolicyHoldsTheFastCustomer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{policy: "standard"})
	one := int32(1)
	w.must(w.client.Create(t.Context(), &v1alpha1.OrderPolicy{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "standard"},
		Spec: v1alpha1.OrderPolicySpec{
			Velocity:   &v1alpha1.VelocityRule{OrdersPerHour: &one},
			Duplicates: &v1alpha1.DuplicateRule{Window: metav1.Duration{Duration: time.Hour}, Action: v1alpha1.PolicyDeny},
		},
	}))
	order := func(id, product string) string {
		o := shop.NewOrder(id, item(product))
		o.Customer["id"] = "one-customer"
		return w.send(o)
	}
	w.waitFor(order("1001", zmasim.ProductOK), "Ready", isReady)
	if !eventually(func() bool { n, err := w.count("select count(*) from orders where ready"); return err == nil && n == 1 }) {
		t.Fatal("the first order is not mirrored")
	}
	w.waitForReason(order("1002", zmasim.ProductOK), v1alpha1.ReasonDenied)
	w.waitForReason(order("1003", "B0EXAMPLE2"), v1alpha1.ReasonAwaitingApproval)
	if n := len(w.sim.Record().Purchases); n != 1 {
		t.Errorf("%d purchases, want 1", n)
	}
}

func TestCancellingBeforeSubmissionBuysNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	order := shop.NewOrder("1001", item(zmasim.ProductOK))
	order.ShippingAddress.State = "ZZ"
	name := w.send(order)
	o := w.waitForReason(name, v1alpha1.ReasonAwaitingAddress)
	patch := client.MergeFrom(o.DeepCopy())
	o.Spec.Cancel = true
	w.must(w.client.Patch(t.Context(), o, patch))
	w.waitForReason(name, v1alpha1.ReasonCancelled)
	// A redelivery of a cancelled and deleted order stays cancelled.
	w.must(w.client.Delete(t.Context(), o))
	if !eventually(func() bool { _, err := w.order(name); return apierrors.IsNotFound(err) }) {
		t.Fatal("the cancelled order does not go")
	}
	order.ShippingAddress.State = "OR"
	w.waitForReason(w.send(order), v1alpha1.ReasonCancelled)
	if n := len(w.sim.Record().Purchases); n != 0 {
		t.Errorf("%d purchases were made of a cancelled order", n)
	}
}
