package sqlfront

// LockTable parses LOCK TABLE t IN EXCLUSIVE MODE.
func LockTable(st Statement, user string) (schema, name string, err error) {
	p := &parser{st: st}
	p.need("LOCK", "TABLE")
	schema, name = p.qualified(user)
	p.need("IN", "EXCLUSIVE", "MODE")
	return schema, name, p.end()
}

// ForUpdate tells whether the statement is a SELECT … FOR UPDATE.
func (st Statement) ForUpdate() bool {
	for i := 1; i < len(st.Tokens); i++ {
		if st.Tokens[i-1].Is("FOR") && st.Tokens[i].Is("UPDATE") {
			return true
		}
	}
	return false
}
