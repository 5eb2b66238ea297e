package intake

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// leaks finds private words of the senders in the replicas' logs.
func (r *run) leaks() ([]string, error) {
	words := map[string]string{
		"an address": street, "a card number": testCard, "a card number without spaces": strings.ReplaceAll(testCard, " ", ""),
		"a mail address": "ada@example.com", "the signing secret": strings.TrimPrefix(r.site.Secret, "whsec_"),
	}
	var out []string
	for _, path := range r.site.Logs() {
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		for what, word := range words {
			if n := bytes.Count(raw, []byte(word)); n > 0 {
				out = append(out, fmt.Sprintf("%s, %d times", what, n))
			}
		}
	}
	return out, nil
}
