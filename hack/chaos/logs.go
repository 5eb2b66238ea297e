package chaos

import (
	"os"
	"strings"
)

// tail is the end of the log.
func (k *keeper) tail(most int) string {
	raw, err := os.ReadFile(k.log)
	if err != nil {
		return err.Error()
	}
	return string(raw[max(0, len(raw)-most):])
}

// about are the last lines of the log that hold a word.
func (k *keeper) about(word string, most int) []string {
	raw, err := os.ReadFile(k.log)
	if err != nil {
		return nil
	}
	var out []string
	for line := range strings.Lines(string(raw)) {
		if strings.Contains(line, word) {
			out = append(out, strings.TrimSpace(line))
		}
	}
	return out[max(0, len(out)-most):]
}
