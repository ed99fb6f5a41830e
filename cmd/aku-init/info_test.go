package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aku/internal/akucore"
)

func TestInfo_WhatServersHoldStaysATable_WhateverTheySay(t *testing.T) {
	mesh := akucore.Mesh{StatefulSet: "db", ServerCount: 3}
	why := errors.New("ERR-31001 SQL syntax error \n\nline 1: parse error\nSELECT\n  ^")
	var out strings.Builder
	printHeld(&out, mesh, akucore.View{Pods: map[int]akucore.Pod{
		0: {Err: why},
		1: {State: akucore.State{Objects: map[string]akucore.Object{"R_01": {Name: "R_01", Started: true, XSN: 7, Host: "db-0.svc", Port: 20301, Tables: make([]akucore.Table, 2)}}}},
		2: {State: akucore.State{Instance: akucore.Instance{AdminMode: true}}},
	}})
	want := `
SERVER  STATE                  REPLICATION  STARTED  XSN  PEER            ITEMS
db-0    see 1                  -            -        -    -               -
db-1    open                   R_01         true     7    db-0.svc,20301  2
db-2    closed (ADMIN_MODE 1)  -            -        -    -               -
1: ERR-31001 SQL syntax error 
   
   line 1: parse error
   SELECT
     ^
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
