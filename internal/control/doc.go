// Package control is the door of carpd: HTTP and JSON under /api/v1 on a unix
// socket, and over TLS where it is told to, with a server for the daemon and a
// client for carpctl. What is not the API is given to pages that are made
// elsewhere.
//
// The routes are a table (routes.go, verbs.go): each has its role, and the types
// of what goes in and out, from which the description in OpenAPI is made. A
// request passes, in this order: who is it and is he too many (guard.go,
// access.go, session.go, limits.go), is it another site's doing (guard.go), may
// he (routes.go), and then the verb. Listeners are in listen.go and doors.go.
//
// Every answer, an error too, is a JSON object with schema_version; an error
// has the text in error. Who may open the socket may use all of it: the
// directory has mode 0750, the socket 0660, and every verb that changes
// something is logged with who asked for it.
//
// It shows what a Source gives and asks it to change; it knows nothing of
// elections. It must never import the agent, hold a lock while writing to a
// client, let a slow client delay another one or the source, let a listener on
// TCP end the daemon, give out a secret, or use a socket outside of the
// directory it was told.
package control
