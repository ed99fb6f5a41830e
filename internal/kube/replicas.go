// Package kube asks the Kubernetes API the one question that aku has: how many
// pods its StatefulSet is to have.
package kube

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	// credentials is where the kubelet mounts what a pod may prove itself with.
	credentials = "/var/run/secrets/kubernetes.io/serviceaccount"
	// askTimeout bounds one question; the answer is never worth waiting long for.
	askTimeout = 3 * time.Second
)

// StatefulSet is one StatefulSet in the pod's own namespace.
type StatefulSet struct {
	Name string
	// Server and Credentials are those of the pod when they are empty.
	Server      string // URL of the API server
	Credentials string // folder with token, ca.crt and namespace
}

// Replicas is spec.replicas. The files are read at every call, because tokens are
// renewed.
func (s StatefulSet) Replicas(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	replicas, err := s.replicas(ctx)
	if err != nil {
		return 0, fmt.Errorf("replicas of StatefulSet %s: %w", s.Name, err)
	}
	return replicas, nil
}

func (s StatefulSet) replicas(ctx context.Context) (int, error) {
	server := s.Server
	if server == "" {
		host, port := os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT")
		if host == "" || port == "" {
			return 0, errors.New("this is not a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set")
		}
		server = "https://" + net.JoinHostPort(host, port)
	}
	token, err := s.credential("token")
	if err != nil {
		return 0, err
	}
	authority, err := s.credential("ca.crt")
	if err != nil {
		return 0, err
	}
	namespace, err := s.credential("namespace")
	if err != nil {
		return 0, err
	}
	address := fmt.Sprintf("%s/apis/apps/v1/namespaces/%s/statefulsets/%s", server, url.PathEscape(namespace), url.PathEscape(s.Name))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Accept", "application/json")
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(authority)) {
		return 0, errors.New("ca.crt holds no certificate")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("the API server answers %s: the service account needs get on this StatefulSet", response.Status)
	}
	var set struct {
		Spec struct {
			Replicas *int `json:"replicas"`
		} `json:"spec"`
	}
	if err := json.NewDecoder(response.Body).Decode(&set); err != nil {
		return 0, err
	}
	if set.Spec.Replicas == nil {
		return 1, nil // the API's own default
	}
	return *set.Spec.Replicas, nil
}

func (s StatefulSet) credential(file string) (string, error) {
	dir := s.Credentials
	if dir == "" {
		dir = credentials
	}
	content, err := os.ReadFile(filepath.Join(dir, file))
	return strings.TrimSpace(string(content)), err
}
