package account

import (
	"crypto/sha256"
	"fmt"
)

// CopyOf sums up the rows of a server, given as key and value.
func CopyOf(host string, rows map[int64]string) Copy {
	c := Copy{Host: host, Rows: len(rows)}
	hash := sha256.New()
	for _, key := range sortedKeys(rows) {
		c.Sum += key
		fmt.Fprintf(hash, "%d\t%s\n", key, rows[key])
	}
	c.Checksum = fmt.Sprintf("%x", hash.Sum(nil)[:8])
	return c
}
