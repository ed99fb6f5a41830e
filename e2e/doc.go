// Package e2e holds the end-to-end tests: the chart with any database server on a real Kubernetes cluster. The build
// tag e2e selects them. They need
//
//	E2E_KUBECONFIG   the cluster, which has the images
//	PATH             kubectl and helm
//	SERVER_IMAGE, SERVER_VALUES, SERVER_PATIENCE, SERVER_AT_ONCE
//	                 the server, as docs/any-server.md says; by default the stand-in
//	KEEP=1           keeps the namespaces of failed tests
//
// `make test-e2e` provides all of it. Tests that cut networks or restart the node also have the tag node. They reach into
// the cluster of this checkout, and run on no other.
package e2e
