// Package agent is the loop: the only place where election machines live.
//
// Facts come in at the edges (adverts from the dataplane, links from iface,
// requests from people), the machine of the group decides, and its effects go
// out in the order that apply.go writes down once. One goroutine owns all of
// it, so there is no mutex; what others may see is published as immutable
// values behind atomic pointers.
//
// It must never decide an election itself, let anybody else touch a machine,
// or wait for the network: netlink work that a takeover needs is done by a
// worker, and its result is one more fact.
package agent
