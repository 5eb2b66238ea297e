package main

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/zma-operator/zma-operator/hack/shop"
	"github.com/zma-operator/zma-operator/hack/zmasim"
)

// sendScript signs and sends one more order by curl and openssl. The first
// argument is the order's ID, the second how many pieces.
const sendScript = `#!/bin/sh
set -eu
order=${1:?usage: send.sh ORDER [PIECES]}
pieces=${2:-1}
body='%s'
body=$(printf %%s "$body" | sed -e "s/ORDER/$order/g" -e "s/\"quantity\":1/\"quantity\":$pieces/" -e "s/\"amountCents\":%d/\"amountCents\":$((%d * pieces))/")
at=$(date +%%s)
signature=$(printf %%s "msg-$order.$at.$body" | openssl dgst -sha256 -mac HMAC -macopt hexkey:%s -binary | openssl base64 -A)
curl -sS -i -X POST '%s' -H 'Content-Type: application/json' \
  -H "Webhook-Id: msg-$order" -H "Webhook-Timestamp: $at" -H "Webhook-Signature: v1,$signature" \
  --data-binary "$body"
echo
`

// writeSendScript writes the script for its owner alone: it holds the secret of
// the webhooks, which so stays off the screen.
func (s *scene) writeSendScript() (string, error) {
	secret, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s.sender.Secret, "whsec_"))
	if err != nil {
		return "", fmt.Errorf("signing secret: %w", err)
	}
	price := zmasim.PriceOf(zmasim.ProductOK)
	body := shop.NewOrder("ORDER", item(zmasim.ProductOK, 1)).JSON()
	path := filepath.Join(s.dir, "send.sh")
	text := fmt.Sprintf(sendScript, body, price, price, hex.EncodeToString(secret), s.sender.URL)
	return path, os.WriteFile(path, []byte(text), 0o700)
}
