package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/rs/zerolog"

	"github.com/carpd/carpd/internal/control"
)

const (
	staticPrefix = "/static/"
	doPrefix     = "/do/"
	loginPath    = "/login"
	maxForm      = 64 << 10
	// loadTimeout is below the time that the server gives an answer.
	loadTimeout = 10 * time.Second
	actTimeout  = 25 * time.Second
)

// policy lets a page load from carpd alone, and nothing that is inside of it
// run or style anything.
const policy = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// site is all pages of one carpd.
type site struct {
	src control.Source
	who func(*http.Request) control.Caller
	log zerolog.Logger
	// kernel is shared by all who look.
	kernel kernelMemory
}

// New makes the handler of all paths that are not the API's. who tells who asks,
// such as control.CallerOf; it is called for every request.
func New(src control.Source, who func(*http.Request) control.Caller, log zerolog.Logger) http.Handler {
	s := &site{src: src, who: who, log: log}
	mux := http.NewServeMux()
	for _, t := range targets() {
		mux.HandleFunc(t.pattern(), func(w http.ResponseWriter, r *http.Request) { s.admit(w, r, t) })
	}
	mux.HandleFunc("/", s.notFound)
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(s.crossOrigin))
	return headers(guard.Handler(mux))
}

// headers are those of every answer. A page is of this moment and of this
// caller: nobody may keep it.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// admit is the one place where a role is checked.
func (s *site) admit(w http.ResponseWriter, r *http.Request, t target) {
	who := s.who(r)
	switch {
	case who.Role >= t.Role:
		t.serve(s, w, r, who)
	case who.Role == control.Nobody && r.Method == http.MethodGet:
		http.Redirect(w, r, loginPath+"?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
	case who.Role == control.Nobody:
		s.refuse(w, r, who, http.StatusUnauthorized, "Sign in first. Nothing was changed.")
	default:
		s.refuse(w, r, who, http.StatusForbidden, "You may read and change nothing. Nothing was changed.")
	}
}

func (s *site) notFound(w http.ResponseWriter, r *http.Request) {
	s.refuse(w, r, s.who(r), http.StatusNotFound, "There is no such page.")
}

func (s *site) crossOrigin(w http.ResponseWriter, r *http.Request) {
	s.refuse(w, r, s.who(r), http.StatusForbidden, "This came from another site. Nothing was changed.")
}

// servePage shows a page. A message from before a redirect is shown once; the
// script, which asks for the page again and again, leaves it to the person.
func (s *site) servePage(w http.ResponseWriter, r *http.Request, who control.Caller, p *page) {
	a, err := s.newAsk(w, r, who)
	if err != nil {
		s.refuse(w, r, who, http.StatusBadRequest, "The request cannot be read.")
		return
	}
	flash := ""
	if r.Header.Get(liveHeader) == "" {
		flash = takeFlash(w, r)
	}
	s.show(w, r, p, a, http.StatusOK, flash, nil)
}

// serveAct does what a form asks for. After a success the browser is sent to the
// page, so that loading it again does nothing twice. A person who goes away does
// not stop it halfway.
func (s *site) serveAct(w http.ResponseWriter, r *http.Request, who control.Caller, p *page, do act) {
	a, err := s.newAsk(w, r, who)
	if err != nil {
		s.refuse(w, r, who, http.StatusBadRequest, "The form cannot be read. Nothing was changed.")
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), actTimeout)
	defer cancel()
	done, err := do.do(ctx, a)
	s.audit(who, do.path, err)
	if err != nil {
		a.err = err
		s.show(w, r, p, a, codeOf(err), "", &failed{act: do.path, form: a.form, err: err})
		return
	}
	if a.result != nil {
		s.show(w, r, p, a, http.StatusOK, done, nil)
		return
	}
	setFlash(w, r, done)
	http.Redirect(w, r, a.back(p), http.StatusSeeOther)
}

// back is where the browser goes after an act.
func (a *ask) back(p *page) string {
	switch {
	case a.next != "":
		return a.next
	case len(a.query) > 0:
		return p.path + "?" + a.query.Encode()
	}
	return p.path
}

// audit is the line for a form that changes something, done or refused.
func (s *site) audit(who control.Caller, verb string, err error) {
	line, outcome := s.log.Info(), "done"
	if err != nil {
		line, outcome = s.log.Warn(), fmt.Sprintf("refused: %v", err)
	}
	line.Str("who", who.Name).Str("via", who.Via).Str("verb", verb).Str("outcome", outcome).Msg("web")
}
