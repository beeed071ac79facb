package iface

import (
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// generic asks one family of generic netlink, in the network namespace in which
// it was opened.
type generic struct {
	id     int
	socket *nl.SocketHandle // counts the requests, so that late answers are told apart
}

// openGeneric finds a family by its name. A kernel may lack it: then it is nil,
// which answers nothing.
func openGeneric(family string) (*generic, error) {
	f, err := netlink.GenlFamilyGet(family)
	if errors.Is(err, unix.ENOENT) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find %s in generic netlink: %w", family, err)
	}
	s, err := nl.Subscribe(unix.NETLINK_GENERIC)
	if err != nil {
		return nil, fmt.Errorf("open generic netlink socket: %w", err)
	}
	return &generic{id: int(f.ID), socket: &nl.SocketHandle{Socket: s}}, nil
}

func (g *generic) close() {
	if g != nil {
		g.socket.Close()
	}
}

// errNoFamily: this kernel was built without the family.
var errNoFamily = errors.New("not in this kernel's generic netlink")

// ask sends one command and returns the attributes of its answer.
func (g *generic) ask(command uint8, attrs ...*nl.RtAttr) (map[uint16][]byte, error) {
	if g == nil {
		return nil, errNoFamily
	}
	req := nl.NewNetlinkRequest(g.id, unix.NLM_F_ACK)
	req.Sockets = map[int]*nl.SocketHandle{unix.NETLINK_GENERIC: g.socket}
	req.AddData(&nl.Genlmsg{Command: command, Version: 1})
	for _, a := range attrs {
		req.AddData(a)
	}
	answers, err := req.Execute(unix.NETLINK_GENERIC, 0)
	if err != nil || len(answers) == 0 {
		return nil, err
	}
	return attributes(answers[0][nl.SizeofGenlmsg:])
}

// attributes are the values of attributes by their type, which the kernel marks
// when there are more of them inside.
func attributes(b []byte) (map[uint16][]byte, error) {
	list, err := nl.ParseRouteAttr(b)
	values := make(map[uint16][]byte, len(list))
	for _, a := range list {
		values[a.Attr.Type&^unix.NLA_F_NESTED] = a.Value
	}
	return values, err
}
