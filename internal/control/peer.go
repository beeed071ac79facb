package control

import (
	"context"
	"errors"
	"net"
	"net/http"
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
func audit(r *http.Request, log zerolog.Logger, verb string, err error) {
	line := log.Info()
	outcome := "done"
	if err != nil {
		line = log.Warn()
		outcome = "refused: " + err.Error()
	}
	if who, local := r.Context().Value(peerKey{}).(peer); local {
		line = line.EmbedObject(who)
	} else {
		c := CallerOf(r)
		line = line.Str("remote", r.RemoteAddr).Str("role", c.Role.String()).Str("via", c.Via).Str("name", c.Name)
	}
	line.Str("verb", verb).Str("outcome", outcome).Msg("control")
}
