// Package e2e holds the end-to-end tests: the chart with any database server on a real Kubernetes cluster. They are built with the tag
// e2e and want
//
//	E2E_KUBECONFIG   the cluster, which has the images
//	PATH             kubectl and helm
//	SERVER_IMAGE, SERVER_VALUES, SERVER_PATIENCE, SERVER_AT_ONCE
//	                 the server, as docs/any-server.md says; the stand-in if not given
//	KEEP=1           leaves the namespaces of failed tests
//
// `make test-e2e` brings all that. Tests that cut networks or restart the node have the tag node as well: they reach into the
// cluster of this checkout and can be run on no other.
package e2e
