package app

import (
	"context"
	"errors"

	authenticationv1 "k8s.io/api/authentication/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
	"github.com/zma-operator/zma-operator/internal/ledger"
)

// connect reaches cluster and ledger for a command of a person.
func connect(ctx context.Context, env Environment) (client.Client, *ledger.Ledger, error) {
	if env.DatabaseURL == "" {
		return nil, nil, ErrNoDatabase
	}
	cfg, err := ctrl.GetConfig()
	if err != nil {
		return nil, nil, err
	}
	cfg.QPS = -1 // one call after the other is slow enough
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return nil, nil, err
	}
	c, err := client.New(cfg, client.Options{Scheme: scheme})
	if err != nil {
		return nil, nil, err
	}
	l, err := ledger.Open(ctx, ledger.Options{URL: env.DatabaseURL, Now: env.Now, MaxConns: 2, ApplicationName: "zma-operator restore"})
	if err != nil {
		return nil, nil, err
	}
	if err := checkSchema(ctx, l); err != nil {
		l.Close()
		return nil, nil, err
	}
	return c, l, nil
}

// whoAmI is the user as the API server knows it; "unknown" when it does not say.
func whoAmI(ctx context.Context, c client.Client) string {
	var review authenticationv1.SelfSubjectReview
	if err := c.Create(ctx, &review); err != nil || review.Status.UserInfo.Username == "" {
		return "unknown"
	}
	return review.Status.UserInfo.Username
}
