// Package anyserver runs make demo, make conformance and make bench as somebody runs them on a server's image of
// their own: with SERVER_IMAGE and SERVER_VALUES. It is built with the tag e2e, and wants what the package e2e
// wants. With KIND, the suite of conformance takes the server for a stand-in (altisim) or for the vendor's.
//
// `make test-anyserver` provides all of it.
package anyserver
