// Package election decides in which state one virtual host (VHID) is: INIT,
// BACKUP or MASTER. It is CARP's state machine as ordinary arithmetic on
// values: an event and the present time go in, effects come out.
//
// # What it must never do
//
// Read a clock, start a timer, send, log, lock, spawn a goroutine, draw a
// random number or read configuration. A Machine belongs to one goroutine.
//
// # Time
//
// Every instant is of the boot clock (CLOCK_BOOTTIME, package boottime), which
// goes on while the machine sleeps and never steps. The caller reads it after
// it has read the packets, so that no advert arrives later than now.
//
// # Adverts before deadlines
//
// An advert counts from its arrival by the kernel's clock, not from when it is
// read. Before the caller acts upon a deadline (Tick), it gives the machine
// every advert that has arrived, in order of arrival. The machine relies on it:
// after a pause the adverts that wait in the ring push the deadline back. An
// advert that was read late never makes a MASTER at once; it brings the
// deadline forward to now, and what else waits to be read may push it back.
//
// # What the caller does with the effects
//
// In this order, which is written once in internal/agent/apply.go:
//
//  1. From MASTER to something else: stop answering now. BowOut: send Advert
//     (255/255) in every family, at once and two more times.
//  2. To MASTER: addresses, and take frames in, so that nothing is lost.
//  3. Send: read the clock, send Advert in every family, then Step with Sent
//     and that reading, then answer until the new LeaseUntil. A round that did
//     not leave in every family is not reported; the lease then runs out.
//  4. Announce: gratuitous ARP and unsolicited NA for every address.
//  5. Tie: an event with the advice to give each node its own advskew.
//  6. Call Step with Tick at Wake, never mind how late. An early Tick is
//     harmless, so that a timer need never be cancelled.
//
// After Reconfigured the caller stores LeaseUntil anew, because a shorter lease
// holds at once.
//
// # Fencing
//
// A MASTER may answer only until LeaseUntil. Every Step looks at the lease
// first: a MASTER whose lease has run out, for whatever reason, is BACKUP with
// the cause "stalled" before the event is looked at, so that nothing leaves
// from it, and it listens for a full master-down time.
//
// # What holds
//
// The simulation in the tests asserts these at every step, with their numbers:
// while nothing has happened for a master-down time and two intervals, at most
// one node is MASTER and at most one kernel answers, and it is the right one; a
// MASTER exists one master-down time and one interval after any failure; who
// takes over because adverts stopped finds the lease of a dead or frozen node
// over, unless an advert to it was lost shortly before.
//
// Three limits follow from the protocol. Equal nodes that addresses cannot tell
// apart yield to each other first, and are without a MASTER for a master-down
// time. Who deposes a living MASTER (CauseKind.Deposes) overlaps with it until
// it has heard the first advert, and with one that froze in that very moment
// until its lease is over. A family whose last address is removed on the MASTER
// is missed by a BACKUP with a timer per family after one master-down time.
package election
