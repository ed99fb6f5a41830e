package altibase

// What programs need that are users of the database themselves, to reach it as aku does.

// ConnectionString is what the driver gets to log SYS in. It fails on a password that the driver cannot take.
func (d Driver) ConnectionString(address string, port int, password string, sysdba bool) (string, error) {
	return d.connectionString(address, port, password, sysdba)
}

// Said is what the server said, with its number; nil when there was no error.
func Said(err error) error { return classify(err) }
