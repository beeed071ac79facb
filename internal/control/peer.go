package control

import (
	"context"
	"errors"
	"net"
	"syscall"

	"github.com/rs/zerolog"
)

// peer is who is at the other end, as the kernel saw it when it connected.
type peer struct {
	cred *syscall.Ucred
	err  error
}

type peerKey struct{}

// withPeer notes the peer of a new connection.
func withPeer(ctx context.Context, c net.Conn) context.Context {
	cred, err := peerCred(c)
	return context.WithValue(ctx, peerKey{}, peer{cred, err})
}

// peerCred asks the kernel, SO_PEERCRED.
func peerCred(c net.Conn) (cred *syscall.Ucred, err error) {
	unixConn, ok := c.(*net.UnixConn)
	if !ok {
		return nil, errors.New("not a unix socket")
	}
	raw, err := unixConn.SyscallConn()
	if err != nil {
		return nil, err
	}
	ctlErr := raw.Control(func(fd uintptr) {
		cred, err = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	return cred, errors.Join(ctlErr, err)
}

// MarshalZerologObject writes uid, gid and pid. A peer of another pid namespace
// has pid 0.
func (p peer) MarshalZerologObject(e *zerolog.Event) {
	if p.err != nil || p.cred == nil {
		e.AnErr("peer_error", p.err)
		return
	}
	e.Uint32("uid", p.cred.Uid).Uint32("gid", p.cred.Gid).Int32("pid", p.cred.Pid)
}

// audit is the line for a verb that changes something, done or refused.
func audit(ctx context.Context, log zerolog.Logger, verb string, err error) {
	who, _ := ctx.Value(peerKey{}).(peer)
	line := log.Info()
	outcome := "done"
	if err != nil {
		line = log.Warn()
		outcome = "refused: " + err.Error()
	}
	line.EmbedObject(who).Str("verb", verb).Str("outcome", outcome).Msg("control")
}
