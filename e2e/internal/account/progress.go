package account

// Progress is a writer's line of JSON, printed now and then and at the end.
type Progress struct {
	Host     string `json:"host"`
	Inserted int    `json:"inserted"` // acknowledged
	Updated  int    `json:"updated"`  // acknowledged
	Unknown  int    `json:"unknown"`  // failed statements
	Sessions int    `json:"sessions"` // successful connects
	// Vanished counts updates that found none of the writer's own rows.
	Vanished int `json:"vanished"`
	// Refused is the reason why the writer is not let in, or was not at its end. It is empty while the writer
	// writes.
	Refused string `json:"refused,omitempty"`
	Done    bool   `json:"done,omitempty"`
}

// Acknowledged is the number of acknowledged statements.
func (p Progress) Acknowledged() int { return p.Inserted + p.Updated }

// Copy is the content of one server.
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
