package settings

import (
	"fmt"
	"log/slog"

	"aku/internal/owner"
)

// Claim is that of the pod to the folders of its data. Without files it is of none.
func (s Settings) Claim(log *slog.Logger) (*owner.Claim, error) {
	for _, name := range s.claimMisses() {
		return nil, fmt.Errorf("Property [%s] should be specified by configuration.", name)
	}
	self := owner.Pod{Namespace: s.Namespace, StatefulSet: s.StatefulSet, Name: s.PodName, UID: s.PodUID}
	return &owner.Claim{Files: s.OwnerFiles, Self: self, Log: log}, nil
}

// claimMisses are the variables that files of an owner need and that are not set.
func (s Settings) claimMisses() (names []string) {
	if len(s.OwnerFiles) == 0 {
		return nil
	}
	for _, v := range []struct{ name, value string }{{"AKU_POD_UID", s.PodUID}, {"AKU_POD_NAMESPACE", s.Namespace}} {
		if v.value == "" {
			names = append(names, v.name)
		}
	}
	return names
}
