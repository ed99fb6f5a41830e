package wiring

import (
	"strings"
	"testing"

	"aku/internal/settings"
)

func TestClaim_NamesThePod(t *testing.T) {
	env := good()
	env["AKU_OWNER_FILES"], env["AKU_POD_NAMESPACE"], env["AKU_POD_UID"] = "/a/.aku-owner,/b/.aku-owner-x", "db", "u-1"
	s, err := settings.From(env)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Claim(s, nil)
	if err != nil || len(c.Files) != 2 || c.Files[1] != "/b/.aku-owner-x" || c.Self.Namespace != "db" || c.Self.UID != "u-1" || c.Self.Name != s.PodName || c.Self.StatefulSet != s.StatefulSet {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestClaim_WithoutWhatNamesThePod_IsAFault_ButNotOutsideOfThePods(t *testing.T) {
	env := good()
	env["AKU_OWNER_FILES"] = "/a/.aku-owner"
	s, err := settings.From(env)
	for _, name := range []string{"AKU_POD_UID", "AKU_POD_NAMESPACE"} {
		if err == nil || !strings.Contains(err.Error(), "Property ["+name+"] should be specified") {
			t.Errorf("%s is not missed: %v", name, err)
		}
	}
	if _, err := Claim(s, nil); err == nil {
		t.Error("a claim of nobody")
	}
	if _, err := settings.MeshFrom(env); err != nil {
		t.Error(err)
	}
}
