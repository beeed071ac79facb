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
//  2. To MASTER: answer until LeaseUntil.
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
package election
