package trial

import (
	"cmp"
	"os"
	"strings"
)

// Images are the images of a trial, as NAME:TAG or NAME@DIGEST with their registry.
type Images struct {
	AKU    string // "" for the one that the chart itself names
	Client string
	Server string // of the database
}

// ImagesOfEnvironment are the images named by AKU_IMAGE, CLIENT_IMAGE and SERVER_IMAGE, by default those of
// images/build.sh.
func ImagesOfEnvironment() Images {
	return Images{
		AKU:    cmp.Or(os.Getenv("AKU_IMAGE"), "docker.io/library/aku:dev"),
		Client: cmp.Or(os.Getenv("CLIENT_IMAGE"), "docker.io/library/e2e-client:dev"),
		Server: cmp.Or(os.Getenv("SERVER_IMAGE"), "docker.io/library/altisim:dev"),
	}
}

// values are the chart's values that name the images.
func (i Images) values() Values {
	values := Values{"image": imageValues(i.Server)}
	if i.AKU != "" {
		values["aku"] = Values{"image": imageValues(i.AKU)}
	}
	return values
}

func imageValues(image string) Values {
	name, digest, _ := strings.Cut(image, "@")
	tag := ""
	// A colon before the last slash belongs to a registry's port.
	if colon := strings.LastIndex(name, ":"); colon > strings.LastIndex(name, "/") {
		name, tag = name[:colon], name[colon+1:]
	}
	registry, repository, more := strings.Cut(name, "/")
	if !more || !strings.ContainsAny(registry, ".:") && registry != "localhost" {
		registry, repository = "", name
	}
	return Values{"registry": registry, "repository": repository, "tag": tag, "digest": digest}
}
