package trial

import "strings"

// Images are the images of a trial, as NAME:TAG or NAME@DIGEST with their registry.
type Images struct {
	AKU, Altisim, Client string
}

// LocalImages are those that images/build.sh makes.
var LocalImages = Images{
	AKU:     "docker.io/library/aku:dev",
	Altisim: "docker.io/library/altisim:dev",
	Client:  "docker.io/library/altisim-client:dev",
}

// values are the chart's values that name the images.
func (i Images) values() map[string]any {
	return map[string]any{"image": imageValues(i.Altisim), "aku": map[string]any{"image": imageValues(i.AKU)}}
}

func imageValues(image string) map[string]any {
	name, digest, _ := strings.Cut(image, "@")
	tag := ""
	// A colon before the last slash is that of a registry's port.
	if colon := strings.LastIndex(name, ":"); colon > strings.LastIndex(name, "/") {
		name, tag = name[:colon], name[colon+1:]
	}
	registry, repository, more := strings.Cut(name, "/")
	if !more || !strings.ContainsAny(registry, ".:") && registry != "localhost" {
		registry, repository = "", name
	}
	return map[string]any{"registry": registry, "repository": repository, "tag": tag, "digest": digest}
}
