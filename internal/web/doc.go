// Package web is the pages of carpd for people: HTML made by the server from
// templates that are in the binary, one style sheet and one small script.
//
// Everything can be read, and every button works, without the script: a form
// posts to a path under /do/, and what was done is told after a redirect. The
// script only renews what is shown. Nothing is loaded from elsewhere.
//
// What a page shows and does goes through control.Source, the same as the API.
// Who may do what is said once, in the table of routes; requests from other
// sites are refused. The package knows nothing of passwords and sessions: the
// server in which it hangs says who is asking, and answers POST /login (fields
// token and next; to /login?failed=1 when the token is not known) and POST
// /logout itself, for which it must refuse other sites itself too.
//
// It must never import the agent, put text into a page other than through a
// template, send a secret back, or need the script for anything but comfort.
package web
