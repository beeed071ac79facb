package web

import (
	"context"
	"strings"
)

// loginPage takes a token. The server that the pages hang in makes a session of
// it: the form goes to its handler, not to an act.
var loginPage = page{path: loginPath, name: "Sign in", hidden: true, open: true, file: "login.html", load: loadLogin}

// login is what the page shows.
type login struct {
	Next   string // where to go then
	Failed bool
}

func loadLogin(_ context.Context, a *ask) (any, error) {
	return login{Next: inside(a.query.Get("next")), Failed: a.query.Get("failed") != ""}, nil
}

// inside is a path of ours: a link must not send people to another site once
// they have signed in.
func inside(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return "/"
	}
	return next
}
