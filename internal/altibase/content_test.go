package altibase

import (
	"database/sql/driver"
	"errors"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aku/internal/akucore"
)

// catalogue answers for a table with these columns, numbered from 0, of which those in
// key are the key. What refuse is in cannot be selected.
func catalogue(columns []Column, key []int, refuse string) answers {
	return func(statement string) ([][]driver.Value, error) {
		var rows [][]driver.Value
		switch {
		case strings.Contains(statement, "SYS_CONSTRAINTS_"):
			for _, k := range key {
				rows = append(rows, []driver.Value{int64(k)})
			}
		case strings.Contains(statement, "SYS_COLUMNS_"):
			for id, c := range columns {
				rows = append(rows, []driver.Value{c.Name, int64(c.Type), int64(id)})
			}
		case refuse != "" && strings.Contains(statement, refuse):
			return nil, errors.New("unsupported column type 20003")
		}
		return rows, nil
	}
}

func TestRelation_ColumnsThatCannotBeRead_AreNamedWithTheReason(t *testing.T) {
	columns := []Column{{"C", 1}, {"B", 20001}, {"G", 10003}, {"X", 777}, {"L", 40}, {"N", 2}}
	got, err := catalogue(columns, []int{5, 0}, `T."X"`).session(t).relation(t.Context(), akucore.Table{User: "SYS", Name: "T1"})
	if err != nil {
		t.Fatal(err)
	}
	want := Relation{
		Table:   akucore.Table{User: "SYS", Name: "T1"},
		Columns: []Column{{"C", 1}, {"B", 20001}, {"N", 2}},
		Key:     []int{2, 0},
		Skipped: []string{"G (GEOMETRY)", "L (CLOB)", "X (type 777): unsupported column type 20003"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	const statement = `SELECT T."C" AS V0, TO_CHAR(T."B") AS V1, CAST(T."N" AS VARCHAR(60)) AS V2 FROM SYS.T1 T ` +
		`WHERE T."N" >= 5 AND ((T."N" > 5) OR (T."N" = 5 AND T."C" > ' ')) ORDER BY T."N", T."C" LIMIT 10`
	if query := got.query(got.beyond(Key{"5", "' '"}, ">"), 10); query != statement {
		t.Errorf("got  %s\nwant %s", query, statement)
	}
}

func TestRelation_KeyThatCannotBeRead_IsAFault(t *testing.T) {
	_, err := catalogue([]Column{{"K", 20003}, {"V", 4}}, []int{0}, `T."K"`).session(t).relation(t.Context(), akucore.Table{User: "SYS", Name: "T1"})
	if !errors.Is(err, akucore.ErrFatal) || !strings.Contains(err.Error(), "its key cannot be read: K (VARBYTE): unsupported column type 20003") {
		t.Errorf("got %v", err)
	}
}

func TestLiteral_IsTheValueThatWasRead(t *testing.T) {
	for _, test := range []struct {
		typ   int
		value any
		want  string // "" is an error
	}{
		{1, []byte("a  "), "'a  '"}, {1, []byte("   "), "'   '"}, {1, []byte(""), "' '"}, {-8, "한 ", "'한 '"},
		{12, []byte("it's "), "'it''s '"}, {-9, "é😀", "'é😀'"},
		{4, int32(-5), "-5"}, {-5, int64(math.MaxInt64), "9223372036854775807"}, {5, int32(7), "7"},
		{2, []byte("12345678901234567890123456789012345678"), "12345678901234567890123456789012345678"},
		{6, []byte(" 1.5E+20"), "1.5E+20"}, {10002, []byte("1; DROP TABLE T1"), ""}, {2, []byte("0x10"), ""}, {2, []byte(""), ""},
		{7, float64(float32(0.1)), "REAL'0.1'"}, {8, 0.1, "DOUBLE'0.1'"}, {8, []byte("2.5"), "DOUBLE'2.5'"}, {8, math.NaN(), ""}, {7, math.Inf(1), ""},
		{9, []byte("2026-01-02 03:04:05.000006"), "TO_DATE('2026-01-02 03:04:05.000006', 'YYYY-MM-DD HH24:MI:SS.SSSSSS')"},
		{20001, []byte("0AFF"), "BYTE'0AFF'"}, {20003, []byte("00"), "VARBYTE'00'"}, {20002, []byte("F"), "NIBBLE'F'"},
		{-7, []byte("0110"), "BIT'0110'"}, {-100, []byte("0"), "VARBIT'0'"}, {20001, []byte("0'"), ""}, {-7, []byte("2"), ""},
		{40, []byte("x"), ""}, {777, []byte("x"), ""},
	} {
		got, err := Column{"K", test.typ}.literal(test.value)
		if got != test.want || (err == nil) != (test.want != "") || err != nil && !errors.Is(err, akucore.ErrFatal) {
			t.Errorf("type %d, %v: got %q, %v, want %q", test.typ, test.value, got, err, test.want)
		}
	}
}

func TestLiteral_OfFloatingPointNumbers_ReadsAsTheSame(t *testing.T) {
	for range 2000 {
		double := math.Float64frombits(rand.Uint64())
		if got, err := (Column{"K", 8}).literal(double); err == nil {
			if back, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimPrefix(got, "DOUBLE'"), "'"), 64); err != nil || back != double {
				t.Errorf("%g became %s", double, got)
			}
		} else if !math.IsNaN(double) && !math.IsInf(double, 0) {
			t.Error(err)
		}
		single := math.Float32frombits(rand.Uint32())
		if got, err := (Column{"K", 7}).literal(float64(single)); err == nil {
			// The server may read it as a double first.
			if back, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimPrefix(got, "REAL'"), "'"), 64); err != nil || float32(back) != single {
				t.Errorf("%g became %s", single, got)
			}
		} else if !math.IsNaN(float64(single)) && !math.IsInf(float64(single), 0) {
			t.Error(err)
		}
	}
}
