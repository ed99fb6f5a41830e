package kube

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	// credentials is where the kubelet mounts the pod's token and certificate.
	credentials = "/var/run/secrets/kubernetes.io/serviceaccount"
	// callTimeout bounds one call. A caller repeats the call if it has to.
	callTimeout = 3 * time.Second
)

// errNotFound means that the object does not exist.
var errNotFound = errors.New("it does not exist")

// errConflict means that the object was replaced meanwhile. Read it again: the same call would fail
// for ever.
var errConflict = errors.New("it has changed meanwhile")

// errForbidden means that the service account lacks a right. Asking again does not help.
var errForbidden = errors.New("not allowed")

// API says how to reach the API server. Empty fields stand for those of the pod.
type API struct {
	Server      string // URL of the API server
	Credentials string // folder with token, ca.crt and namespace

	limit time.Duration // of one call; 0 stands for callTimeout
}

// A request is one call of the API. A small client of our own is enough for aku's few calls; the
// usual client library is twice as large as aku.
type request struct {
	method, path string
	body         any    // sent as JSON; a PATCH is a merge patch
	into         any    // what the answer is decoded into, or nil
	right        string // the right that the service account needs, for the error
	metadataOnly bool   // ask only for the metadata of the object
}

// call makes one call. It reads the credentials each time, because tokens are renewed.
func (a API) call(ctx context.Context, r request) error {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(a.limit, callTimeout))
	defer cancel()
	prepared, client, err := a.prepare(ctx, r)
	if err != nil {
		return err
	}
	response, err := client.Do(prepared)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode == http.StatusNotFound:
		return fmt.Errorf("the API server answers %s: %w", response.Status, errNotFound)
	case response.StatusCode == http.StatusConflict:
		return fmt.Errorf("the API server answers %s: %w", response.Status, errConflict)
	case response.StatusCode == http.StatusForbidden || response.StatusCode == http.StatusUnauthorized:
		return fmt.Errorf("the API server answers %s: %w: the service account needs %s", response.Status, errForbidden, r.right)
	case response.StatusCode >= http.StatusMultipleChoices:
		return fmt.Errorf("the API server answers %s", response.Status)
	case r.into == nil:
		return nil
	}
	err = json.NewDecoder(response.Body).Decode(r.into)
	// A connection is reused only when its answer was read to the end.
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<10))
	return err
}

// prepare makes the HTTP request and a client that trusts only the cluster's authority.
func (a API) prepare(ctx context.Context, r request) (*http.Request, *http.Client, error) {
	server := a.Server
	if server == "" {
		host, port := os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT")
		if host == "" || port == "" {
			return nil, nil, errors.New("this is not a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set")
		}
		server = "https://" + net.JoinHostPort(host, port)
	}
	token, err := a.credential("token")
	authority, err2 := a.credential("ca.crt")
	namespace, err3 := a.credential("namespace")
	if err := errors.Join(err, err2, err3); err != nil {
		return nil, nil, err
	}
	client, err := clientOf(authority)
	if err != nil {
		return nil, nil, err
	}
	var body io.Reader
	if r.body != nil {
		text, err := json.Marshal(r.body)
		if err != nil {
			return nil, nil, err
		}
		body = bytes.NewReader(text)
	}
	path := strings.Replace(r.path, "{namespace}", url.PathEscape(namespace), 1)
	prepared, err := http.NewRequestWithContext(ctx, r.method, server+path, body)
	if err != nil {
		return nil, nil, err
	}
	prepared.Header.Set("Authorization", "Bearer "+token)
	prepared.Header.Set("Accept", "application/json")
	if r.metadataOnly {
		prepared.Header.Set("Accept", "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1")
	}
	switch {
	case r.method == http.MethodPatch:
		prepared.Header.Set("Content-Type", "application/merge-patch+json")
	case r.body != nil:
		prepared.Header.Set("Content-Type", "application/json")
	}
	return prepared, client, nil
}

// keptFor is how long an idle connection stays open. A sidecar calls twice as often. A new TLS
// handshake would cost more than the call.
const keptFor = time.Minute

// kept is the client of the last call.
var kept struct {
	sync.Mutex
	authority string
	*http.Client
}

// clientOf returns a client that trusts only this authority.
func clientOf(authority string) (*http.Client, error) {
	kept.Lock()
	defer kept.Unlock()
	if kept.Client != nil && kept.authority == authority {
		return kept.Client, nil
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(authority)) {
		return nil, errors.New("ca.crt holds no certificate")
	}
	if kept.Client != nil {
		kept.CloseIdleConnections()
	}
	kept.authority = authority
	kept.Client = &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, MaxIdleConnsPerHost: 1, IdleConnTimeout: keptFor,
	}}
	return kept.Client, nil
}

func (a API) credential(file string) (string, error) {
	dir := a.Credentials
	if dir == "" {
		dir = credentials
	}
	content, err := os.ReadFile(filepath.Join(dir, file))
	return strings.TrimSpace(string(content)), err
}
