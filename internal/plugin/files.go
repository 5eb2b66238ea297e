package plugin

import (
	"fmt"
	"io"
	"os"
)

// maxManifest bounds a file of manifests, in bytes.
const maxManifest = 16 << 20

// readFile reads a file of at most limit bytes; "-" is standard input.
func readFile(in io.Reader, name string, limit int64) ([]byte, error) {
	if name != "-" {
		file, err := os.Open(name) //nolint:gosec // the caller's own file, by the caller's rights
		if err != nil {
			return nil, err
		}
		defer file.Close() //nolint:errcheck // nothing was written
		in = file
	}
	raw, err := io.ReadAll(io.LimitReader(in, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if int64(len(raw)) > limit {
		return nil, fmt.Errorf("%s is larger than %d bytes, which is more than is taken", name, limit)
	}
	return raw, nil
}
