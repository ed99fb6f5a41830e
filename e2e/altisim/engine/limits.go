package engine

import "math"

// maxName is the longest name of a table, a user or a partition, in bytes.
const maxName = 128

// NewNames checks the length of names.
func NewNames(names ...string) error {
	for _, name := range names {
		if len(name) > maxName {
			return ErrNameTooLong
		}
	}
	return nil
}

// Limits are the values that a property accepts.
type Limits struct {
	Attr     int64 // as in V$PROPERTY; 0: not seen
	Min, Max int64
	Seen     bool
}

// The limits, as seen, of properties that can be set at run time.
var limits = map[string]Limits{
	"DDL_LOCK_TIMEOUT":                        {654311424, -1, 65535, true},
	"REPLICATION_ALLOW_DUPLICATE_HOSTS":       {0, 0, 1, true},
	"REPLICATION_DDL_ENABLE":                  {0, 0, 1, true},
	"REPLICATION_DDL_ENABLE_LEVEL":            {0, 0, 2, true},
	"REPLICATION_DDL_SYNC":                    {0, 0, 1, true},
	"REPLICATION_DDL_SYNC_TIMEOUT":            {0, 0, math.MaxUint32, true},
	"REPLICATION_LOCK_TIMEOUT":                {385875968, 0, 3600, true},
	"REPLICATION_META_ITEM_COUNT_DIFF_ENABLE": {0, 0, 1, true},
	"REPLICATION_SENDER_SLEEP_TIMEOUT":        {385875968, 0, 2592000, true},
	"REPLICATION_SQL_APPLY_ENABLE":            {0, 0, 1, true},
	"REPLICATION_SYNC_LOCK_TIMEOUT":           {385875968, 0, math.MaxUint32, true},
	"REPLICATION_TIMESTAMP_RESOLUTION":        {0, 0, 1, true},
}

func limitsOf(property string) Limits {
	if l, ok := limits[property]; ok {
		return l
	}
	return Limits{Max: math.MaxInt64}
}

func (l Limits) take(value int64) bool { return l.Min <= value && value <= l.Max }
