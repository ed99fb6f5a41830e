package server

import (
	"strings"

	"aku/e2e/altisim/sqlfront"
	"aku/e2e/altisim/store"
)

// Statements that the PostgreSQL ODBC driver sends by itself when it connects. The real server knows none of
// them.

func driverSetting(st sqlfront.Statement) Output {
	if st.First(1) == "SET" {
		return Output{Tag: "SET"}
	}
	value := map[string]string{
		"TRANSACTION_ISOLATION": "read committed", "MAX_IDENTIFIER_LENGTH": "63", "SERVER_ENCODING": "UTF8", "CLIENT_ENCODING": "UTF8",
		"STANDARD_CONFORMING_STRINGS": "on", "SERVER_VERSION": "13.0",
	}
	name := st.Tokens[len(st.Tokens)-1].Text
	return Output{Rows: one(strings.ToLower(name), value[name])}
}

func driverQuery(st sqlfront.Statement) *store.Result {
	words := " " + strings.ToUpper(st.Source) + " "
	switch {
	case strings.Contains(words, "PG_CLIENT_ENCODING"):
		return one("pg_client_encoding", "UTF8")
	case strings.Contains(words, "GETDATABASEENCODING"):
		return one("getdatabaseencoding", "UTF8")
	case strings.Contains(words, "CURRENT_SCHEMA()"):
		return one("current_schema", "SYS")
	case strings.Contains(words, " PG_TYPE "), strings.Contains(words, "PG_CATALOG."), strings.Contains(words, " PG_CLASS "):
		return &store.Result{Columns: []store.ResultColumn{{Name: "oid", Declared: "INTEGER"}, {Name: "typbasetype", Declared: "INTEGER"}}}
	}
	return nil
}

func one(name, value string) *store.Result {
	return &store.Result{Columns: []store.ResultColumn{{Name: name}}, Rows: [][]any{{value}}}
}
