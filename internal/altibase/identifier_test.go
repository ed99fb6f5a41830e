package altibase

import (
	"testing"

	"aku/internal/akucore"
)

func TestIdentifier_IsQuotedWheneverItHasToBe(t *testing.T) {
	for name, want := range map[string]string{
		"T1": "T1", "AKU_REP_01": "AKU_REP_01", "SYS": "SYS", // what cannot be a word of the server
		"ORDER": `"ORDER"`, "LEVEL": `"LEVEL"`, "KEEP": `"KEEP"`, "SHARD": `"SHARD"`, "SYNONYM": `"SYNONYM"`, // what is one
		"CURRENT_USER": `"CURRENT_USER"`, "VC2COLL": `"VC2COLL"`, "CONNECT_BY_ROOT": `"CONNECT_BY_ROOT"`,
		"ORDERS": `"ORDERS"`,                     // what may become one
		"t1":     `"t1"`, "Mixed_1": `"Mixed_1"`, // what would be folded
		"1T": `"1T"`, "_T1": `"_T1"`, "T 1": `"T 1"`, "T.1": `"T.1"`, // what is no word
		"T$1": `"T$1"`, "T#1": `"T#1"`, "T-1": `"T-1"`, "": `""`,
		"한글_1": `"한글_1"`, "É_1": `"É_1"`, "Ａ_１": `"Ａ_１"`, "😀": `"😀"`,
	} {
		if got := identifier(name); got != want {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
	}
}

func TestStatements_QuoteTheNamesOfEveryPart(t *testing.T) {
	table := akucore.Table{User: "APP", Name: "ORDER", Partition: "LEFT"}
	spec := akucore.ObjectSpec{Name: "ord er_01", Host: "h", Port: 1, Tables: []akucore.Table{table}}
	for got, want := range map[string]string{
		createReplication(spec):                                 `CREATE REPLICATION "ord er_01" WITH 'h',1 FROM "APP"."ORDER" PARTITION "LEFT" TO "APP"."ORDER" PARTITION "LEFT"`,
		alterReplication(spec.Name, syncAction(2, spec.Tables)): `ALTER REPLICATION "ord er_01" SYNC PARALLEL 2 TABLE "APP"."ORDER" PARTITION "LEFT"`,
		alterReplication(spec.Name, addTable(table)):            `ALTER REPLICATION "ord er_01" ADD TABLE FROM "APP"."ORDER" PARTITION "LEFT" TO "APP"."ORDER" PARTITION "LEFT"`,
		dropReplication(spec.Name):                              `DROP REPLICATION "ord er_01"`,
		truncate(table):                                         `ALTER TABLE "APP"."ORDER" TRUNCATE PARTITION "LEFT"`,
		truncate(akucore.Table{User: "APP", Name: "ORDER"}):     `TRUNCATE TABLE "APP"."ORDER"`,
		from(table): `"APP"."ORDER" PARTITION ("LEFT")`,
	} {
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
