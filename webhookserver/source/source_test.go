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

func TestUnsupportedNamesEveryFeature(t *testing.T) {
	cases := map[string]struct {
		change func(*v1alpha1.WebhookSource)
		want   string
	}{
		"standardWebhooks is served": {func(*v1alpha1.WebhookSource) {}, ""},
		"bearer is served":           {func(s *v1alpha1.WebhookSource) { s.Spec.Auth.Scheme = v1alpha1.AuthBearer }, ""},
		"stripe is not":              {func(s *v1alpha1.WebhookSource) { s.Spec.Auth.Scheme = v1alpha1.AuthStripe }, "auth.scheme stripe"},
		"hmac is not":                {func(s *v1alpha1.WebhookSource) { s.Spec.Auth.Scheme = v1alpha1.AuthHMAC }, "auth.scheme hmac"},
		"no scheme is none":          {func(s *v1alpha1.WebhookSource) { s.Spec.Auth.Scheme = "" }, "auth.scheme "},
		"a mapping":                  {func(s *v1alpha1.WebhookSource) { s.Spec.Mapping = &v1alpha1.WebhookMapping{} }, "mapping"},
		"a filter":                   {func(s *v1alpha1.WebhookSource) { s.Spec.EventFilter = "true" }, "eventFilter"},
		"cors":                       {func(s *v1alpha1.WebhookSource) { s.Spec.CORS = &v1alpha1.CORS{} }, "cors"},
		"a name no order can carry":  {func(s *v1alpha1.WebhookSource) { s.Name = strings.Repeat("a", 64) }, "a name longer than 63 characters"},
		"the name manual":            {func(s *v1alpha1.WebhookSource) { s.Name = "manual" }, "the name manual, kept for orders made by hand"},
		"two at once": {func(s *v1alpha1.WebhookSource) {
			s.Spec.EventFilter, s.Spec.CORS = "true", &v1alpha1.CORS{}
		}, "eventFilter, cors"},
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
	good := map[v1alpha1.AuthScheme]string{
		v1alpha1.AuthStandardWebhooks: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
		v1alpha1.AuthBearer:           strings.Repeat("t", 32),
	}
	for scheme, secret := range good {
		if err := CheckSecret(scheme, []byte(secret)); err != nil {
			t.Errorf("%s: %v", scheme, err)
		}
		if err := CheckSecret(scheme, nil); err == nil {
			t.Errorf("%s takes an empty secret", scheme)
		}
	}
	if err := CheckSecret(v1alpha1.AuthStripe, []byte(strings.Repeat("t", 64))); err == nil {
		t.Error("a scheme that is not available takes secrets")
	}
}
