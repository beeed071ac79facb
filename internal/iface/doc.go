// Package iface knows the system's interfaces, and puts addresses, routes and
// filter entries on them and takes them away again.
//
// Watch sends the whole picture, a System, at the beginning and after every
// change. A System is never changed after it was sent. What follows from it
// alone (which interface, which source address) are pure functions on it.
//
// A Keeper adds and removes. It writes into the ledger what it is about to add.
// What it finds present and not in the ledger is the operator's: it is used and
// never removed.
//
// The package must never poll, never decide when something is to be added, and
// never remove what the ledger does not name.
package iface
