package sqlscript

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// scripts are as people write them for isql; each statement with its line.
var scripts = []struct {
	name, script string
	want         []Statement
}{
	{"nothing", "", nil},
	{"comments alone", "-- don't\n/* it's; nothing */\n ;;\n", nil},
	{"one without its end", "CREATE TABLE T1 (C1 INTEGER)", []Statement{{"CREATE TABLE T1 (C1 INTEGER)", 1}}},
	{
		"a schema", "-- first; comment\nCREATE TABLE T1 (C1 INTEGER PRIMARY KEY); INSERT INTO T1 VALUES ('a;b -- c');\n\ncommit;\n",
		[]Statement{{"CREATE TABLE T1 (C1 INTEGER PRIMARY KEY)", 2}, {"INSERT INTO T1 VALUES ('a;b -- c')", 2}, {"commit", 4}},
	},
	{
		"comments with quotes and semicolons", "/* don't */ INSERT INTO T1 VALUES (1);\n/* a; b */\nINSERT INTO T1 VALUES (2); -- it's; \"the\n INSERT INTO T1 VALUES (3) ;",
		[]Statement{{"INSERT INTO T1 VALUES (1)", 1}, {"INSERT INTO T1 VALUES (2)", 3}, {"INSERT INTO T1 VALUES (3)", 4}},
	},
	{
		"comments within a statement", "SELECT /*+ INDEX(T1, I1); */ 1 -- ; it's\n  FROM T1 /* ' */ WHERE C = '/* -- */';",
		[]Statement{{"SELECT /*+ INDEX(T1, I1); */ 1 -- ; it's\n  FROM T1 /* ' */ WHERE C = '/* -- */'", 1}},
	},
	{
		"quotes in quotes, over lines", "INSERT INTO \"a;\"\"b\" VALUES ('it''s;\n/\n', N'한;');\nUPDATE T SET C = '' ;",
		[]Statement{{"INSERT INTO \"a;\"\"b\" VALUES ('it''s;\n/\n', N'한;')", 1}, {"UPDATE T SET C = ''", 4}},
	},
	{
		"a procedure between statements", `create table t1 (i1 integer);
create or replace procedure p1(a in integer)
as
-- what it's for; not much
  cursor c1 is select i1 from t1 where i1 = a / 2;
begin
  for r in c1 loop
    insert into t2 values (r.i1, 'x;
/y'); -- /
  end loop;
end;
/
exec p1(1);
insert into t1 values (2);
`,
		[]Statement{
			{"create table t1 (i1 integer)", 1},
			{"create or replace procedure p1(a in integer)\nas\n-- what it's for; not much\n  cursor c1 is select i1 from t1 where i1 = a / 2;\nbegin\n" +
				"  for r in c1 loop\n    insert into t2 values (r.i1, 'x;\n/y'); -- /\n  end loop;\nend;", 2},
			{"exec p1(1)", 13},
			{"insert into t1 values (2)", 14},
		},
	},
	{
		"all that holds semicolons", `/* header
   of several lines */
CREATE FUNCTION F1 RETURN INTEGER AS BEGIN RETURN 1; END;
/
CREATE /* a */ OR -- b
REPLACE TRIGGER TR1 AFTER INSERT ON T1 FOR EACH ROW AS BEGIN NULL; END;
/

CREATE OR REPLACE PACKAGE PK AUTHID CURRENT_USER IS A INTEGER; FUNCTION F RETURN INTEGER; END PK;
/
CREATE OR REPLACE PACKAGE BODY PK IS FUNCTION F RETURN INTEGER AS BEGIN RETURN 1; END; END PK;
 / ` + `
CREATE TYPESET TS AS TYPE R IS RECORD (A INTEGER, B INTEGER); END;
/
DECLARE V INTEGER; BEGIN V := 1; END;
/
BEGIN NULL; END;
/
CREATE OR REPLACE PUBLIC SYNONYM S FOR SYS.S; GRANT EXECUTE ON S TO PUBLIC;`,
		[]Statement{
			{"CREATE FUNCTION F1 RETURN INTEGER AS BEGIN RETURN 1; END;", 3},
			{"CREATE /* a */ OR -- b\nREPLACE TRIGGER TR1 AFTER INSERT ON T1 FOR EACH ROW AS BEGIN NULL; END;", 5},
			{"CREATE OR REPLACE PACKAGE PK AUTHID CURRENT_USER IS A INTEGER; FUNCTION F RETURN INTEGER; END PK;", 9},
			{"CREATE OR REPLACE PACKAGE BODY PK IS FUNCTION F RETURN INTEGER AS BEGIN RETURN 1; END; END PK;", 11},
			{"CREATE TYPESET TS AS TYPE R IS RECORD (A INTEGER, B INTEGER); END;", 13},
			{"DECLARE V INTEGER; BEGIN V := 1; END;", 15},
			{"BEGIN NULL; END;", 17},
			{"CREATE OR REPLACE PUBLIC SYNONYM S FOR SYS.S", 19},
			{"GRANT EXECUTE ON S TO PUBLIC", 19},
		},
	},
	{
		"what only looks like a block", "CREATE TABLE PROCEDURE_LOG (FUNCTION1 INTEGER);\nALTER PROCEDURE P1 COMPILE;\nDROP TRIGGER TR1;\nCREATE TABLE T2 (BEGIN1 DATE);\nCREATE LIBRARY L AS 'l.so';",
		[]Statement{
			{"CREATE TABLE PROCEDURE_LOG (FUNCTION1 INTEGER)", 1}, {"ALTER PROCEDURE P1 COMPILE", 2}, {"DROP TRIGGER TR1", 3},
			{"CREATE TABLE T2 (BEGIN1 DATE)", 4}, {"CREATE LIBRARY L AS 'l.so'", 5},
		},
	},
	{
		"from Windows", "\uFEFFCREATE PROCEDURE P1 AS BEGIN A; B; END;\r\n/\r\nEXEC P1\r\n/\r\n-- x\r\nINSERT INTO T1\r\n  VALUES (1);\r\n",
		[]Statement{{"CREATE PROCEDURE P1 AS BEGIN A; B; END;", 1}, {"EXEC P1", 3}, {"INSERT INTO T1\r\n  VALUES (1)", 6}},
	},
	{
		"a / behind a semicolon", "CREATE TABLE T1 (C1 INTEGER);\n/\nCREATE TABLE T2 (C1 INTEGER)\n/\n",
		[]Statement{{"CREATE TABLE T1 (C1 INTEGER)", 1}, {"CREATE TABLE T2 (C1 INTEGER)", 3}},
	},
	{"a division", "UPDATE T1 SET C1 = C2\n / C3;", []Statement{{"UPDATE T1 SET C1 = C2\n / C3", 1}}},
	{"a transaction's property", "SET TRANSACTION READ ONLY;", []Statement{{"SET TRANSACTION READ ONLY", 1}}},
	{"other scripts", "INSERT INTO \"한글표\" VALUES ('日本 😀; e\u0301');", []Statement{{"INSERT INTO \"한글표\" VALUES ('日本 😀; e\u0301')", 1}}},
}

func TestSplit_TakesScriptsOfIsql(t *testing.T) {
	for _, test := range scripts {
		t.Run(test.name, func(t *testing.T) {
			got, err := Split(test.script)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// faults are scripts that are refused as a whole.
var faults = []struct {
	script string
	line   int
	says   string
}{
	{"INSERT INTO T1 VALUES (1);\nINSERT INTO T1 VALUES ('a);\n", 2, "a text begins here with '"},
	{"\n\nSELECT \"A FROM T1;", 3, `a text begins here with "`},
	{"SELECT 1 FROM DUAL;\r\n/* open", 2, "no */ ends it"},
	{"-- p\n\nCREATE PROCEDURE P1 AS BEGIN NULL; END;\nINSERT INTO T1 VALUES (1);\n", 3, "no line with nothing but / ends it"},
	{"CREATE TABLE T1 (C1 INTEGER);\nSPOOL out.txt\n", 2, "SPOOL is a command of isql"},
	{"set linesize 100;\n", 1, "SET linesize is a command of isql"},
	{"\n@other.sql\n", 2, "begins with @"},
	{"!ls\n", 1, "begins with !"},
	{"/* x */ / SELECT", 1, "begins with /"},
	{"exit", 1, "exit is a command of isql"},
	{"\nh\uFEFF", 2, "h is a command of isql"},
	{"connect sys/manager;", 1, "connect is a command of isql"},
	{"-- ok\nINSERT INTO T1 VALUES ('\xc7\xd1');", 2, "not UTF-8"},
	{"\xff\xfeC\x00R\x00", 1, "not UTF-8"},
	{"SELECT 1;\nSELECT '\x00';", 2, "not UTF-8"},
}

func TestSplit_WhatIsNoScript_IsRefusedWithItsLine(t *testing.T) {
	for _, test := range faults {
		got, err := Split(test.script)
		var fault *Error
		if !errors.As(err, &fault) || fault.Line != test.line || !strings.Contains(fault.Text, test.says) || got != nil {
			t.Errorf("%q: got %v, %v, want line %d and %q", test.script, got, err, test.line, test.says)
		}
	}
}

// Whatever a script is: each statement is one again, is in the script as it is, and begins
// in the line that is said.
func FuzzSplit(f *testing.F) {
	for _, test := range scripts {
		f.Add(test.script)
	}
	for _, test := range faults {
		f.Add(test.script)
	}
	f.Fuzz(func(t *testing.T, script string) {
		statements, err := Split(script)
		if err != nil {
			return
		}
		rest := script
		lines := strings.Split(rest, "\n")
		for _, s := range statements {
			before, after, found := strings.Cut(rest, s.Text)
			if !found {
				t.Fatalf("%q is not in what follows in %q, behind %q", s.Text, script, before)
			}
			rest = after
			begin, _, _ := strings.Cut(s.Text, "\n")
			if s.Line > len(lines) || !strings.Contains(lines[s.Line-1], begin) {
				t.Errorf("%q of %q does not begin in line %d", s.Text, script, s.Line)
			}
			again, err := Split(s.Text + "\n/\n")
			if err != nil || len(again) != 1 || again[0].Text != s.Text {
				t.Errorf("%q of %q is %+v, %v alone", s.Text, script, again, err)
			}
		}
	})
}
