package control

import (
	"context"
	"net"
	"net/http"
)

// Role is what a caller may do.
type Role int

// Roles, each of which may also do what the ones before it may.
const (
	Nobody Role = iota
	ReadOnly
	Admin
)

// String is the word that the configuration uses for a role.
func (r Role) String() string {
	return [...]string{"nobody", "read", "admin"}[r]
}

// Caller is who makes a request.
type Caller struct {
	Role Role
	// Via is how he was recognised: socket, certificate, token or login; empty
	// for somebody who was not.
	Via string
	// Name is that of the token or of the certificate.
	Name string
}

type callerKey struct{}

// withCaller notes who makes the requests of a context.
func withCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerOf is who makes a request that came through a Server; nobody if it did not.
func CallerOf(r *http.Request) Caller {
	c, _ := r.Context().Value(callerKey{}).(Caller)
	return c
}

// RoleOf is what the maker of a request may do.
func RoleOf(r *http.Request) Role { return CallerOf(r).Role }

// local notes who is at the other end of the unix socket. The modes of the file
// and of its directory decided already that he may do everything.
func (s *Server) local(ctx context.Context, c net.Conn) context.Context {
	return withCaller(withPeer(ctx, c), Caller{Role: Admin, Via: "socket"})
}

// allow refuses a caller of a lesser role than is needed: one that is not known
// is told to say who he is.
func allow(r *http.Request, need Role) error {
	switch c := CallerOf(r); {
	case c.Role >= need:
		return nil
	case c.Role == Nobody:
		return refuse(http.StatusUnauthorized, "who are you? A token or a certificate is needed")
	default:
		return refuse(http.StatusForbidden, "%s may only look: that takes the role %s", c.Name, need)
	}
}
