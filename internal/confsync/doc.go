// Package confsync shares configuration among the nodes of a cluster.
//
// What is shared is a document: the chosen sections of the configuration in one
// canonical form, without anything that belongs to one node alone. Each version
// of it has a number, the node that made it and the hash of its content, and
// these order all versions there can be. Every node keeps the greatest version
// that it has seen, so all that can reach each other come to the same one,
// whatever arrives when and how often.
//
// The first half of the package is arithmetic on values: versions, documents,
// and how one becomes edits of a node's own file. The second half is the engine
// that offers, takes and compares. It acknowledges what is applied and kept, and
// nothing else: the file of the configuration decides what that is, also after
// a crash at any point.
package confsync
