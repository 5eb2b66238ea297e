package verify

import (
	"bytes"
	"encoding/hex"
)

// hasSmallOrder tells the encodings of the eight points of the ed25519 curve that
// are no public keys of anybody: under them everybody can make signatures that
// verify. All zeros is one of them.
// Source: libsodium, ge25519_has_small_order.
func hasSmallOrder(key []byte) bool {
	const (
		y0     = "0000000000000000000000000000000000000000000000000000000000000000"
		y1     = "0100000000000000000000000000000000000000000000000000000000000000"
		eightA = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"
		eightB = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
		minus1 = "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
		prime  = "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
		prime1 = "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
	)
	y := bytes.Clone(key)
	y[len(y)-1] &= 0x7f // the sign of x
	switch hex.EncodeToString(y) {
	case y0, y1, eightA, eightB, minus1, prime, prime1:
		return true
	}
	return false
}
