package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A source is the tree of one commit, outside of the checkout. So uncommitted changes cannot get into a
// release.
type source struct {
	folder, commit string
	when           time.Time // of the commit; no other time is written
}

func checkOut(ctx context.Context, repository, folder string) (*source, error) {
	git := func(args ...string) (string, error) {
		return output(ctx, "", "git", append([]string{"-C", repository}, args...)...)
	}
	commit, err := git("rev-parse", "HEAD")
	if err != nil {
		return nil, err
	}
	seconds, err := git("show", "--no-patch", "--format=%ct", commit)
	if err != nil {
		return nil, err
	}
	when, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("time of commit %s: %w", commit, err)
	}
	archive := folder + ".tar"
	if _, err := git("archive", "--output", archive, commit); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	if _, err := output(ctx, "", "tar", "--extract", "--directory", folder, "--file", archive); err != nil {
		return nil, err
	}
	return &source{folder: folder, commit: commit, when: time.Unix(when, 0).UTC()}, nil
}

func (s *source) path(name string) string { return filepath.Join(s.folder, name) }

// run runs a command in the source, and shows its output.
func (s *source) run(ctx context.Context, name string, args ...string) error {
	command := exec.CommandContext(ctx, s.path(name), args...)
	command.Dir, command.Stdout, command.Stderr = s.folder, os.Stdout, os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// output runs a command in a folder and returns its output.
func output(ctx context.Context, folder, name string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, name, args...)
	var complaint strings.Builder
	command.Dir, command.Stderr = folder, &complaint
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(complaint.String()))
	}
	return strings.TrimSpace(string(out)), nil
}
