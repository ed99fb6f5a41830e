// Package e2e holds the end-to-end tests: the chart with the stand-in server on a real Kubernetes cluster. They are built with
// the tag e2e and want
//
//	E2E_KUBECONFIG   the cluster, which has the images of images/build.sh
//	PATH             kubectl and helm
//	KEEP=1           leaves the namespaces of failed tests
//
// `make test-e2e` brings all that. Tests that cut networks or restart the node have the tag node as well: they reach into the
// cluster of this checkout and can be run on no other.
package e2e
