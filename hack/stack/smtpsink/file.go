package smtpsink

import (
	"fmt"
	"os"
	"path/filepath"
)

// file writes a mail to the folder, named by its number so that they sort by
// arrival. A mail that can't be written is not accepted.
func (s *Server) file(number int, m Message) error {
	if s.options.Dir == "" {
		return nil
	}
	path := filepath.Join(s.options.Dir, fmt.Sprintf("%06d.eml", number))
	if err := os.WriteFile(path, m.Data, 0o600); err != nil {
		return fmt.Errorf("keep the mail: %w", err)
	}
	return nil
}
