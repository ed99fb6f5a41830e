package verify

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReport_TableStaysATable_WhateverACellHolds(t *testing.T) {
	syntax := "altibase-1: ERR-31001 SQL syntax error \n\nline 1: parse error\nSELECT\tX\n  ^"
	report := Report{
		Pods: []Pod{{Name: "altibase-0", InService: true}, {Name: "altibase-1", InService: true}},
		Tables: []Table{
			{Name: "SYS.T1", Rows: []int64{1, -1}, Fault: syntax},
			{Name: "SYS.LONG_NAME", Rows: []int64{12345, 12345}, Compared: true, Skipped: []string{"L (CLOB)"}},
			{Name: "SYS.T2", Rows: []int64{0, 0}, Compared: true, Skipped: []string{"V (type 20003): unsupported column type 20003", "W (type 20003): unsupported column type 20003"}},
			{Name: "SYS.T3", Rows: []int64{-1, -1}, Fault: syntax},
		},
	}
	var out strings.Builder
	report.Print(&out, 10)
	want := `TABLE          altibase-0  altibase-1  
in service     yes         yes         
SYS.T1         1           ?           FAILED: see 1
SYS.LONG_NAME  12345       12345       same contents; not compared: L (CLOB)
SYS.T2         0           0           same contents; not compared: see 2
SYS.T3         ?           ?           FAILED: see 1
1: altibase-1: ERR-31001 SQL syntax error 
   
   line 1: parse error
   SELECT	X
     ^
2: V (type 20003): unsupported column type 20003, W (type 20003): unsupported column type 20003
NOT EQUAL
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}
