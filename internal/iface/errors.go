package iface

import (
	"errors"
	"fmt"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// What a caller may want to tell apart. The kernel's error is wrapped too.
var (
	// ErrGone: there is no interface of that index any more.
	ErrGone = errors.New("interface does not exist")
	// ErrNoIPv6: IPv6 is switched off on the interface or the host.
	ErrNoIPv6 = errors.New("no IPv6 here")
	// ErrNoFilter: the interface cannot let in another MAC than its own by a
	// filter entry (a macvlan, for example).
	ErrNoFilter = errors.New("interface has no filter for more MACs")
)

// named wraps an error of the kernel with our name for some of its numbers.
func named(err, name error, numbers ...unix.Errno) error {
	if isOneOf(err, numbers...) {
		return fmt.Errorf("%w: %w", name, err)
	}
	return err
}

// gone gives our name to the ways in which an interface is found missing.
func gone(err error) error {
	var none netlink.LinkNotFoundError
	if errors.As(err, &none) {
		return ErrGone
	}
	return named(err, ErrGone, unix.ENODEV, unix.ENXIO)
}

// unless drops the errors that mean that a thing is not there, which is what
// was wanted; so it is when the whole interface is gone.
func unless(err error, numbers ...unix.Errno) error {
	if isOneOf(err, numbers...) || isOneOf(err, unix.ENODEV, unix.ENXIO) {
		return nil
	}
	return err
}

func isOneOf(err error, numbers ...unix.Errno) bool {
	return slices.ContainsFunc(numbers, func(n unix.Errno) bool { return errors.Is(err, n) })
}
