package wiring

import (
	"log/slog"

	"aku/internal/owner"
	"aku/internal/settings"
)

// Claim is the pod's claim to its data folders. Without AKU_OWNER_FILES it covers none.
func Claim(s settings.Settings, log *slog.Logger) (*owner.Claim, error) {
	if err := s.CheckOwner(); err != nil {
		return nil, err
	}
	self := owner.Pod{Namespace: s.Namespace, StatefulSet: s.StatefulSet, Name: s.PodName, UID: s.PodUID}
	return &owner.Claim{Files: s.OwnerFiles, Self: self, Log: log}, nil
}
