package config

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"

	"github.com/goccy/go-yaml/ast"

	"github.com/carpd/carpd/internal/carp"
)

const (
	allowedNode     = "1 to 32 letters, digits and -, not - at the ends"
	allowedEndpoint = `the address and port of this node that the others reach, such as "192.0.2.11:7430"`
	allowedSections = "a list of groups, settings or both"
	allowedCarpdevs = "a mapping of names that all nodes share to interfaces of this node, each once, such as {lan: eth0}"
)

// defaultSkewStep is what pfSense adds for its second node.
const defaultSkewStep = 100

// nodeName is a label of a host name, because it stands in certificates.
var nodeName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$`)

// IsNodeName reports whether a node of a cluster may be called so.
func IsNodeName(name string) bool { return nodeName.MatchString(name) }

// NodeAddress reads where a node of a cluster listens. It must be an address that
// other nodes can reach too, so none that stands for all of them.
func NodeAddress(text string) (netip.AddrPort, error) {
	a, err := netip.ParseAddrPort(text)
	if err != nil || a.Port() == 0 || a.Addr().IsUnspecified() || a.Addr().IsMulticast() || a.Addr().Zone() != "" || a.Addr().Is4In6() {
		return netip.AddrPort{}, fmt.Errorf("%q is not an address and port that other nodes reach, such as 192.0.2.11:7430", text)
	}
	return a, nil
}

// clusterKeys are the keys of the section cluster.
var clusterKeys = []key[Cluster]{
	{name: "node", required: true, allowed: allowedNode, also: []string{"name", "hostname"},
		read: func(v value, c *Cluster) bool { return v.match(&c.Node, nodeName) }},
	{name: "listen", required: true, allowed: allowedEndpoint, also: []string{"address", "bind"}, read: readEndpoint},
	{name: "sections", def: "[groups, settings]", allowed: allowedSections, read: readSections},
	{name: "advskew_step", def: "100", allowed: "a whole number from 0 to 254", also: []string{"skew_step"},
		read: func(v value, c *Cluster) (ok bool) {
			c.SkewStep, ok = v.number(0, carp.BowOut-1)
			return ok
		}},
	{name: "carpdevs", allowed: allowedCarpdevs, also: []string{"interfaces"}, read: readCarpdevs},
}

// readCluster reads the section cluster.
func readCluster(v value, f *fileDraft) bool {
	f.Cluster = Cluster{Sections: []string{"groups", "settings"}, SkewStep: defaultSkewStep}
	_, ok := walk(v, clusterKeys, &f.Cluster)
	return ok
}

// readEndpoint reads where the node listens.
func readEndpoint(v value, c *Cluster) bool {
	text, ok := v.text()
	a, err := NodeAddress(text)
	if !ok || err != nil {
		return v.refuse()
	}
	c.Listen = a.String()
	return true
}

// readSections reads what is shared, each once, in our order.
func readSections(v value, c *Cluster) bool {
	entries, ok := v.list("the section")
	var have []string
	for _, e := range entries {
		var s string
		good := e.choice(&s, "groups", "settings")
		if good && slices.Contains(have, s) {
			e.l.wrong(e.at, s+" is there already", "each section once")
			good = false
		}
		have = append(have, s)
		ok = ok && good
	}
	slices.Sort(have)
	c.Sections = have
	return ok
}

// readCarpdevs reads the names of interfaces that the nodes share. Both sides
// are unique: what comes from another node must go back as the same.
func readCarpdevs(v value, c *Cluster) bool {
	entries, ok := pairs(v.node)
	if !ok || len(entries) == 0 {
		return v.refuse()
	}
	c.Carpdevs = map[string]string{}
	names, devs := map[string]place{}, map[string]place{}
	for _, e := range entries {
		shared, dev, good := v.carpdev(e)
		here := value{l: v.l, at: where(e)}
		good = good && v.l.once(here, names, shared, shared+" is there already") && v.l.once(here, devs, dev, dev+" is there already")
		c.Carpdevs[shared] = dev
		ok = ok && good
	}
	return ok
}

// carpdev reads one entry of carpdevs.
func (v value) carpdev(e *ast.MappingValueNode) (shared, dev string, ok bool) {
	if shared = v.l.name(e); shared == "" {
		return "", "", false
	}
	if !interfaceName.MatchString(shared) || shared == Auto {
		v.l.wrong(where(e), "the shared name is "+quote(shared), "1 to 15 characters, no blank, / or :, and not auto")
		return "", "", false
	}
	inner, ok := v.l.value("the interface", "an interface's name", e.Value, where(e))
	return shared, dev, ok && inner.apart(e) && inner.match(&dev, interfaceName) && (dev != Auto || inner.refuse())
}
