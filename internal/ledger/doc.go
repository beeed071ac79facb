// Package ledger remembers what carpd added to the system: addresses, routes,
// filter entries. An entry is in the file before the thing itself is added, so
// that after a crash of carpd the next start knows what to take away, and takes
// away nothing else.
//
// The ledger is one small JSON file under /run, written to a temporary file and
// renamed, readable by root alone. An empty ledger has no file. A ledger of an
// earlier boot is void: a reboot has undone everything in it.
//
// The package also has Lock, by which one instance keeps a second one out.
//
// It must never touch the network, and never guess: a file that it cannot read
// is an error for the operator, not an empty ledger.
package ledger
