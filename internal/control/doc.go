// Package control is the local door of carpd: HTTP and JSON under /api/v1 on a
// unix socket, with a server for the daemon and a client for carpctl.
//
//	GET  /api/v1/status              status.Snapshot
//	GET  /api/v1/counters            status.Counters
//	GET  /api/v1/dataplane           status.Dataplane
//	GET  /api/v1/events?after=N      status.Events: those with an id above N
//	GET  /api/v1/events?follow=1     a stream, one status.EventLine per line
//	POST /api/v1/reload              reads the configuration again
//	POST /api/v1/retire              ends carpd and leaves all to a successor
//
// Every answer, an error too, is a JSON object with schema_version; an error
// has the text in error. Who may open the socket may use all of it: the
// directory has mode 0750, the socket 0660, and every verb that changes
// something is logged with the uid, gid and pid of the caller.
//
// It shows what a Source gives and asks it to change; it knows nothing of
// elections. It must never import the agent, hold a lock while writing to a
// client, let a slow client delay another one or the source, or use a socket
// outside of the directory it was told.
package control
