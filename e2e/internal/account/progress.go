package account

// Progress is what a writer prints as a line of JSON, now and then and once more at its end.
type Progress struct {
	Host     string `json:"host"`
	Inserted int    `json:"inserted"` // acknowledged
	Updated  int    `json:"updated"`  // acknowledged
	Unknown  int    `json:"unknown"`  // failed statements
	Sessions int    `json:"sessions"` // times the server let the writer in
	// Vanished counts updates that found none of the writer's own rows: rows lost while the writer looked on.
	Vanished int `json:"vanished"`
	// Refused is why the writer is not let in now, or was not when it ended; "" while it writes.
	Refused string `json:"refused,omitempty"`
	Done    bool   `json:"done,omitempty"`
}

// Acknowledged is the number of acknowledged statements.
func (p Progress) Acknowledged() int { return p.Inserted + p.Updated }

// Copy is what one server holds.
type Copy struct {
	Host     string `json:"host"`
	Rows     int    `json:"rows"`
	Sum      int64  `json:"sum"`      // of all keys
	Checksum string `json:"checksum"` // over keys and values in the order of the keys
}

// Same tells whether two servers hold the same rows.
func (c Copy) Same(other Copy) bool {
	return c.Rows == other.Rows && c.Sum == other.Sum && c.Checksum == other.Checksum
}
