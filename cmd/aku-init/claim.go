package main

import (
	"context"
	"os"

	"aku/internal/kube"
	"aku/internal/owner"
	"aku/internal/process"
	"aku/internal/settings"
	"aku/internal/wiring"
)

// claim keeps the folders of the data for this pod, before its server starts. It says what
// keeps the server from starting; whatever else is wrong with the configuration is said by
// the sidecar.
func claim(ctx context.Context) error {
	s, _ := settings.Read()
	log := process.Logger(s.LogFormat, os.Stdout)
	c, err := wiring.Claim(s, log)
	if err != nil {
		return process.Misconfigured(err)
	}
	waiting, cancel := context.WithTimeout(ctx, owner.Limit)
	defer cancel()
	err = c.Take(waiting)
	switch {
	case err == nil:
		log.Info("the folders of the data are kept for this pod", "files", c.Files)
	case ctx.Err() == nil && s.PodEvents == 1:
		event := kube.Note{Warning: true, Reason: "FolderInUse", Text: err.Error()}
		if failed := (kube.OwnPod{Name: s.PodName, UID: s.PodUID}).Tell(ctx, event); failed != nil {
			log.Warn("kubectl describe shows no Event of it", "error", failed)
		}
	}
	return err
}
