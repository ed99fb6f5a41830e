package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// program is the cost of one of the binaries before it does anything.
type program struct {
	Name  string
	Size  int64           // bytes
	Start []time.Duration // from exec to the end, for "version"
}

const startRepeats = 15

// measurePrograms starts both programs of the bundle in place.
func measurePrograms(ctx context.Context, bundle string) ([]program, error) {
	var all []program
	for _, name := range []string{"aku-init", "aku-prestop"} {
		info, err := os.Stat(filepath.Join(bundle, "bin", name))
		if err != nil {
			return nil, err
		}
		p := program{Name: name, Size: info.Size()}
		for range startRepeats {
			cmd := bundled(ctx, bundle, name, "version")
			began := time.Now()
			if out, err := cmd.CombinedOutput(); err != nil {
				return nil, fmt.Errorf("%s version: %w\n%s", name, err, out)
			}
			p.Start = append(p.Start, time.Since(began))
		}
		all = append(all, p)
	}
	return all, nil
}

// bundled runs a program of the bundle by the bundle's own loader, so the bundle need not be at /opt/aku.
func bundled(ctx context.Context, bundle, name string, args ...string) *exec.Cmd {
	lib := filepath.Join(bundle, "lib")
	args = append([]string{"--library-path", lib, filepath.Join(bundle, "bin", name)}, args...)
	return exec.CommandContext(ctx, filepath.Join(lib, "ld-linux-x86-64.so.2"), args...)
}

// image is one image archive, uncompressed.
type image struct {
	Name string
	Size int64 // bytes
}

func measureImages(dir string) ([]image, error) {
	files, err := filepath.Glob(filepath.Join(dir, "aku*.tar"))
	if err != nil {
		return nil, err
	}
	var all []image
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			return nil, err
		}
		all = append(all, image{Name: filepath.Base(file), Size: info.Size()})
	}
	return all, nil
}
