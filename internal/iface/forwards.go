package iface

import (
	"bytes"
	"os"
	"path/filepath"
)

// Forwards reports whether the host forwards IPv6 that arrives on an interface,
// which is what the Router flag of its Neighbour Advertisements says. It is
// false where there is no IPv6.
func Forwards(ifname string) bool {
	b, err := os.ReadFile(filepath.Join("/proc/sys/net/ipv6/conf", ifname, "forwarding"))
	return err == nil && !bytes.Equal(bytes.TrimSpace(b), []byte("0"))
}
