package e2e

import (
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/hack/stack/kube"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// TestAStampThatAnybodyCouldWriteIsNotTrusted takes the admission policy away, as on
// a cluster where nobody has installed it, and asks in the name of somebody else.
func TestAStampThatAnybodyCouldWriteIsNotTrusted(t *testing.T) {
	t.Parallel()
	cluster := ownCluster(t)
	s := &scene{world: newWorld(t, settings{kube: cluster})}
	freely := &scene{world: newWorld(t, settings{kube: cluster, args: []string{"--allow-unstamped-recovery"}})}
	name := s.heldOnce(zmasim.ProductFor("max_price_exceeded"))
	other := freely.heldOnce(zmasim.ProductFor("max_price_exceeded"))

	s.handled(name, "now@stamped")
	if by := s.handledBy(name); by == "" || by == "ada" || by == "unstamped" {
		t.Errorf("with the policy, %q has asked", by)
	}
	s.noMoreStamps(cluster, name)
	s.forge(name, "retry@forged")
	o := s.waitFor(name, "answered", func(o *v1alpha1.ZMAOrder) bool { return o.Status.Recovery.LastHandledRequest == "retry@forged" })
	if r := o.Status.Recovery; !strings.HasPrefix(r.LastResult, "Refused: ") || !strings.Contains(r.LastResult, "config/admission") || r.LastHandledBy != "unstamped" {
		t.Errorf("the answer is %q, asked by %q", r.LastResult, r.LastHandledBy)
	}
	s.expectCalls(s.identity("held"), 1, 1, 0)

	freely.forge(other, "retry@forged")
	freely.waitFor(other, "tried again", func(o *v1alpha1.ZMAOrder) bool { return o.Status.Submission.Attempt == 2 })
	if by := freely.handledBy(other); by != "unstamped" {
		t.Errorf("where stamps are not needed, %q has asked, though nobody knows", by)
	}
}

// heldOnce makes an order "held" that the provider has refused and that waits for a
// person.
func (s *scene) heldOnce(product string) string {
	s.t.Helper()
	name := s.buy("held", product)
	s.waitForReason(name, v1alpha1.ReasonNeedsDecision)
	return name
}

func (s *scene) handledBy(name string) string {
	s.t.Helper()
	o, err := s.order(name)
	s.must(err)
	return o.Status.Recovery.LastHandledBy
}

// forge writes a request in the name of ada.
func (s *scene) forge(name, value string) {
	s.t.Helper()
	if got := s.askAs(name, value, "ada"); got != "ada" {
		s.t.Fatalf("the stamp is %q: the policy is in force", got)
	}
}

// askAs writes a request and its stamp, and gives the stamp that came of it.
func (s *scene) askAs(name, value, by string, how ...client.PatchOption) string {
	s.t.Helper()
	o := &v1alpha1.ZMAOrder{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name}}
	patch := `{"metadata":{"annotations":{"zma.dev/recover":"` + value + `","zma.dev/recover-by":"` + by + `"}}}`
	s.must(s.client.Patch(s.t.Context(), o, client.RawPatch(types.MergePatchType, []byte(patch)), how...))
	return o.Annotations[v1alpha1.AnnotationRecoverBy]
}

// noMoreStamps takes the policy away and waits until the API server has noticed.
func (s *scene) noMoreStamps(c *kube.Cluster, name string) {
	s.t.Helper()
	binding := &admissionv1.MutatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: "zma-recover-stamp"}}
	api, err := client.New(c.Config(), client.Options{})
	s.must(err)
	s.must(api.Delete(s.t.Context(), binding))
	if !eventually(func() bool { return s.askAs(name, "try", "ada", client.DryRunAll) == "ada" }) {
		s.t.Fatal("the API server still stamps")
	}
}
