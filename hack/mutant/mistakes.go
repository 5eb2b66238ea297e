package mutant

const (
	request = "controllers/internal/act/request.go"
	resolve = "controllers/internal/act/resolve.go"
	submit  = "controllers/internal/act/submit.go"
)

// KeyWithTimestamp sends each call under a key of its own, so that the provider
// takes a repeat for another order.
func KeyWithTimestamp() Mutant {
	return Mutant{
		Name: "a key with a timestamp in it",
		edits: []edit{
			{request, `Key: sub.IdempotencyKey, `, `Key: uuid.NewSHA1(uuid.Nil, []byte(sub.IdempotencyKey+time.Now().String())).String(), `},
			{request, "\n\tmetav1 \"k8s.io", "\n\t\"github.com/google/uuid\"\n\tmetav1 \"k8s.io"},
		},
	}
}

// Resubmission makes a new attempt where it should find out what became of the
// last one.
func Resubmission() Mutant {
	return Mutant{
		Name: "a resubmission in place of a resolve",
		edits: []edit{
			{resolve, `found, err := provider.Find(callCtx, sub.IdempotencyKey, v1alpha1.IdentityOf(t.Order).String(), sub.Attempt, sub.ReservedAt.Add(-clockSkew))`,
				`var found *zma.Observation
	_, _, _ = callCtx, clockSkew, provider
	sub.Attempt++
	sub.IdempotencyKey, err = machine.IdempotencyKey(t.Account.Spec.InstallationID, sub.ProviderAccountID, v1alpha1.IdentityOf(t.Order), sub.Attempt)`},
			{resolve, "\n\t\"github.com/zma-operator/zma-operator/internal/ledger\"", "\n\t\"github.com/zma-operator/zma-operator/controllers/internal/zma\"\n\t\"github.com/zma-operator/zma-operator/internal/ledger\""},
		},
	}
}

// DroppedOutcome forgets what a paid call has brought.
func DroppedOutcome() Mutant {
	return Mutant{
		Name: "an outcome write that is dropped",
		edits: []edit{
			{submit, "return x.writeOutcome(ctx, t, proven)", "return errChanged"},
		},
	}
}
