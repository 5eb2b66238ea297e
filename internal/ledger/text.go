package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/zma-operator/zma-operator/api/v1alpha1"
)

// clip makes free text storable: Postgres takes neither NUL nor broken UTF-8, and
// a note that is too long must not lose the record that carries it. Never used
// on identities and keys.
func clip(s string, runes int) string {
	s = storable(s)
	if utf8.RuneCountInString(s) <= runes {
		return s
	}
	return string([]rune(s)[:runes])
}

func storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

// jsonArg gives a document as SQL NULL when there is none; NUL inside strings is
// legal in JSON but not in jsonb.
func jsonArg(raw json.RawMessage) (any, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	if !bytes.Contains(raw, []byte(`\u0000`)) {
		return string(raw), nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return nil, fmt.Errorf("%w: not JSON", ErrInvalid)
	}
	clean, err := json.Marshal(withoutNUL(v))
	return string(clean), err
}

func withoutNUL(v any) any {
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(v, "\x00", "")
	case []any:
		for i := range v {
			v[i] = withoutNUL(v[i])
		}
		return v
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			out[strings.ReplaceAll(key, "\x00", "")] = withoutNUL(value)
		}
		return out
	default:
		return v
	}
}

// objectName is the name of the order that has this identity.
func objectName(id v1alpha1.Identity) string {
	if id.Source == v1alpha1.ManualSource {
		return id.ExternalID
	}
	return v1alpha1.OrderNameFor(id.Source, id.ExternalID)
}
