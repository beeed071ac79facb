package control

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// A browser cannot keep a token safely, so a form takes it once and a cookie
// that no script can read stands for it from then on.
const (
	// The prefix makes browsers refuse the cookie without TLS or for a domain.
	sessionCookie = "__Host-carpd"
	sessionLife   = 12 * time.Hour
	maxSessions   = 256
)

// session is a browser that has shown a token. What it may do is looked up by
// the token each time: a token that was removed ends its sessions.
type session struct {
	id    string // digest of the cookie
	token string // digest of the token
	until time.Time
}

// sessions are few, and kept in memory only.
type sessions struct {
	mu   sync.Mutex // guards open
	open []session  // the oldest first
}

// start makes a session and returns what the cookie holds.
func (s *sessions) start(token string, now time.Time) (cookie string) {
	cookie = rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = slices.DeleteFunc(s.open, func(o session) bool { return now.After(o.until) })
	if len(s.open) >= maxSessions {
		s.open = s.open[1:]
	}
	s.open = append(s.open, session{HashToken(cookie), token, now.Add(sessionLife)})
	return cookie
}

// end forgets the session of a request.
func (s *sessions) end(r *http.Request) {
	id := sessionOf(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = slices.DeleteFunc(s.open, func(o session) bool { return o.id == id })
}

// find is who has the session of a request.
func (s *sessions) find(r *http.Request, remote *Remote) (Caller, bool) {
	id := sessionOf(r)
	s.mu.Lock()
	i := slices.IndexFunc(s.open, func(o session) bool { return o.id == id && time.Now().Before(o.until) })
	if id == "" || i < 0 {
		s.mu.Unlock()
		return Caller{}, false
	}
	token := s.open[i].token
	s.mu.Unlock()
	return remote.caller(token, "login")
}

// sessionOf is the digest of the session's cookie, empty without one. Digests
// are compared, so that the time it takes tells nothing of the cookie.
func sessionOf(r *http.Request) string {
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return ""
	}
	return HashToken(c.Value)
}

// login takes the token of a form (fields token and next), begins a session and
// leads to the page that was wanted; a wrong token leads back to the form.
func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	next := localPath(r.PostFormValue("next"))
	if RoleOf(r) == Admin && r.TLS == nil { // At the socket everybody is in already.
		http.Redirect(w, r, next, http.StatusSeeOther)
		return
	}
	token := strings.TrimSpace(r.PostFormValue("token"))
	c, err := s.checkToken(s.remote.Load(), r, token, "login")
	if err != nil {
		http.Redirect(w, r, "/login?failed=1&next="+url.QueryEscape(next), http.StatusSeeOther)
		return
	}
	s.log.Info().Str("remote", r.RemoteAddr).Str("name", c.Name).Msg("control: logged in")
	cookie := sessionCookieOf(s.sessions.start(HashToken(token), time.Now()))
	cookie.MaxAge = int(sessionLife.Seconds())
	http.SetCookie(w, cookie)
	http.Redirect(w, r, next, http.StatusSeeOther)
}

// logout ends the session.
func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	s.sessions.end(r)
	cookie := sessionCookieOf("")
	cookie.MaxAge = -1
	http.SetCookie(w, cookie)
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// sessionCookieOf goes back only to us, over TLS, from our own pages, and no
// script sees it.
func sessionCookieOf(value string) *http.Cookie {
	return &http.Cookie{Name: sessionCookie, Value: value, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode}
}

// localPath is a path of ours to go to; anything else is the first page.
func localPath(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(path, "/") ||
		strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return "/"
	}
	return path
}
