package machine

import (
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// IdempotencyKey derives the key of one attempt: a UUIDv5 under the
// installation's ID of provider account, identity and attempt. Nothing in it
// changes with the cluster, the object or the clock, so a restored cluster or a
// redelivered webhook repeats history instead of buying again.
func IdempotencyKey(installationID, providerAccountID string, id v1alpha1.Identity, attempt int64) (string, error) {
	space, err := uuid.Parse(installationID)
	if err != nil {
		return "", fmt.Errorf("installationID is not a UUID: %w", err)
	}
	name := v1alpha1.LengthPrefixed(providerAccountID, id.Namespace, id.Source, id.ExternalID, strconv.FormatInt(attempt, 10))
	return uuid.NewSHA1(space, name).String(), nil
}
