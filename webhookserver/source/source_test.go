package source

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

func named(name, path string, age time.Duration) v1alpha1.WebhookSource {
	return v1alpha1.WebhookSource{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, CreationTimestamp: metav1.NewTime(time.Unix(1_700_000_000, 0).Add(-age))},
		Spec:       v1alpha1.WebhookSourceSpec{Path: path, Auth: v1alpha1.WebhookAuth{Scheme: v1alpha1.AuthStandardWebhooks}},
	}
}

func TestTheOldestSourceKeepsItsPath(t *testing.T) {
	cases := map[string]struct {
		sources []v1alpha1.WebhookSource
		path    string
		want    string
	}{
		"the name is the path without one":      {[]v1alpha1.WebhookSource{named("web", "", 0)}, "web", "web"},
		"the name is no path beside one":        {[]v1alpha1.WebhookSource{named("web", "in", 0)}, "web", ""},
		"the older one wins":                    {[]v1alpha1.WebhookSource{named("a", "in", 0), named("b", "in", time.Hour)}, "in", "b"},
		"a path can't take an older one's name": {[]v1alpha1.WebhookSource{named("a", "web", 0), named("web", "", time.Hour)}, "web", "web"},
		"twins are told apart by name":          {[]v1alpha1.WebhookSource{named("b", "in", 0), named("a", "in", 0)}, "in", "a"},
		"nothing is found":                      {[]v1alpha1.WebhookSource{named("a", "in", 0)}, "in/", ""},
	}
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			got := ""
			if s := Find(tc.sources, tc.path); s != nil {
				got = s.Name
			}
			if got != tc.want {
				t.Errorf("found %q, want %q", got, tc.want)
			}
		})
	}
}

func TestUnsupportedIsOnlyWhatNoOrderCanCarry(t *testing.T) {
	cases := map[string]struct {
		change func(*v1alpha1.WebhookSource)
		want   string
	}{
		"standardWebhooks is served":         {func(*v1alpha1.WebhookSource) {}, ""},
		"so is every other scheme":           {func(s *v1alpha1.WebhookSource) { s.Spec.Auth.Scheme = v1alpha1.AuthStripe }, ""},
		"so is a mapping":                    {func(s *v1alpha1.WebhookSource) { s.Spec.Mapping = &v1alpha1.WebhookMapping{} }, ""},
		"so is a filter":                     {func(s *v1alpha1.WebhookSource) { s.Spec.EventFilter = "true" }, ""},
		"so is cors":                         {func(s *v1alpha1.WebhookSource) { s.Spec.CORS = &v1alpha1.CORS{} }, ""},
		"the longest name an order carries":  {func(s *v1alpha1.WebhookSource) { s.Name = strings.Repeat("a", 63) }, ""},
		"a name that is too long for orders": {func(s *v1alpha1.WebhookSource) { s.Name = strings.Repeat("a", 64) }, "a name longer than 63 characters"},
		"the name manual":                    {func(s *v1alpha1.WebhookSource) { s.Name = "manual" }, "the name manual, kept for orders made by hand"},
	}
	for reason, tc := range cases {
		t.Run(reason, func(t *testing.T) {
			s := named("web", "", 0)
			tc.change(&s)
			if got := Unsupported(&s); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}

func TestCheckSecretRefusesWhatNoSchemeTakes(t *testing.T) {
	signing, long := "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", strings.Repeat("t", 64)
	for reason, tc := range map[string]struct {
		auth   v1alpha1.WebhookAuth
		secret string
	}{
		"standardWebhooks": {v1alpha1.WebhookAuth{Scheme: v1alpha1.AuthStandardWebhooks}, signing},
		"bearer":           {v1alpha1.WebhookAuth{Scheme: v1alpha1.AuthBearer}, long},
		"stripe":           {v1alpha1.WebhookAuth{Scheme: v1alpha1.AuthStripe}, "whsec_" + long},
		"hmac":             {v1alpha1.WebhookAuth{Scheme: v1alpha1.AuthHMAC, HMAC: &v1alpha1.HMACScheme{Header: "X-Sign"}}, long},
	} {
		t.Run(reason, func(t *testing.T) {
			if err := CheckSecret(tc.auth, []byte(tc.secret)); err != nil {
				t.Errorf("a good one is refused: %v", err)
			}
			for _, bad := range []string{"", "short"} {
				if err := CheckSecret(tc.auth, []byte(bad)); err == nil {
					t.Errorf("%q is taken", bad)
				}
			}
		})
	}
	if err := CheckSecret(v1alpha1.WebhookAuth{Scheme: "none"}, []byte(long)); err == nil {
		t.Error("a scheme that does not exist takes secrets")
	}
}
