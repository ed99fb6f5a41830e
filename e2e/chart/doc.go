// Package chart holds the chart to what chart-testing asks, on a real Kubernetes cluster: every values file of the chart's ci
// folder is installed, tested and uninstalled, and upgraded from the last version of the chart. It is built with the tag e2e,
// and wants what the package e2e wants.
package chart
