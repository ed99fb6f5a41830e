package verify

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"aku/internal/akucore"
	"aku/internal/altibase"
)

// rows is a server with one row, whose version changes from look to look; the last one stays.
type rows struct {
	Server
	versions []byte // 0 for no row
	lost     bool   // the row is shown, and not found by its key
	looks    int
}

var key = altibase.Key{"7"}

func (s *rows) RowsAt(context.Context, altibase.Relation, []altibase.Key) ([]altibase.Row, error) {
	version := s.versions[min(s.looks, len(s.versions)-1)]
	s.looks++
	if version == 0 || s.lost {
		return nil, nil
	}
	return []altibase.Row{{Key: key, Sum: altibase.Sum{version}}}, nil
}

func (s *rows) Rows(context.Context, altibase.Relation, altibase.Key, altibase.Key, int) ([]altibase.Row, error) {
	if last := s.versions[len(s.versions)-1]; last != 0 {
		return []altibase.Row{{Key: key, Sum: altibase.Sum{last}}}, nil
	}
	return nil, nil
}

func comparisonOf(servers ...*rows) *comparison {
	v := &verifier{mesh: akucore.Mesh{StatefulSet: "db"}, options: Options{Page: 2, Timeout: 10 * time.Second}}
	for _, s := range servers {
		v.servers = append(v.servers, s)
	}
	return &comparison{verifier: v, candidates: []*candidate{{version: version{key: key}}}, known: map[string]bool{}}
}

func TestJudge_ARowIsDifferentWhenItStaysSo(t *testing.T) {
	for name, test := range map[string]struct {
		here, there       []byte
		different, moving int
	}{
		"it differs":                                {[]byte{1}, []byte{2}, 1, 0},
		"it is missing":                             {[]byte{1}, []byte{0}, 1, 0},
		"it arrives after two looks":                {[]byte{1}, []byte{0, 0, 1}, 0, 0},
		"the change arrives":                        {[]byte{2}, []byte{1, 2}, 0, 0},
		"it is deleted meanwhile":                   {[]byte{1, 0}, []byte{0}, 0, 0},
		"it moves on both, and is the same at last": {[]byte{1, 2, 3, 4, 5, 6, 7, 8}, []byte{9, 1, 2, 3, 4, 5, 6, 8}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				different, moving, err := comparisonOf(&rows{versions: test.here}, &rows{versions: test.there}).judge(t.Context())
				if err != nil || len(different) != test.different || moving != test.moving {
					t.Errorf("%v, %d are moving, %v", different, moving, err)
				}
			})
		})
	}
}

// A row that is shown and not found by its key would look like one that was deleted.
func TestMustFind_ARowThatIsShownAndNotFound_IsAFault(t *testing.T) {
	for name, test := range map[string]struct {
		row   rows
		fault bool
	}{
		"it is found":   {rows{versions: []byte{1}}, false},
		"it is gone":    {rows{versions: []byte{0}}, false},
		"it comes back": {rows{versions: []byte{0, 1}}, false},
		"it is lost":    {rows{versions: []byte{1}, lost: true}, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				one, here, there := test.row, test.row, test.row
				c := comparisonOf(&one)
				if err := c.mustFind(t.Context(), 0, key, nil); errors.Is(err, akucore.ErrFatal) != test.fault {
					t.Errorf("%v", err)
				}
				if _, _, err := comparisonOf(&here, &there).judge(t.Context()); errors.Is(err, akucore.ErrFatal) != test.fault {
					t.Errorf("as a candidate: %v", err)
				}
			})
		})
	}
}
