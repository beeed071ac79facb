// Package cluster joins the nodes that share configuration. It keeps the keys and
// the certificates of a node and the list of members, enrols other nodes by
// one-time tokens, carries calls between members over mutual TLS, and judges from
// all nodes' pictures how the whole is doing.
//
// A caller is a member because the key of its certificate is in the list, under
// the name that the certificate has; the list is looked at with each request. A
// certificate alone, even one that the CA has signed, opens nothing.
//
// It never touches an election, and nothing here may end carpd: what cannot be
// done is a problem that Cluster shows.
package cluster
