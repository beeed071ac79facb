package control

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"strings"
	"sync"
)

// enterPath is where the link leads that lets a browser in.
const enterPath = "/enter/"

// Gate shows the pages of a carpd to one browser on this machine: it listens on
// the loopback and does what its client may do. Others on the machine, and pages
// of other sites in the browser, stay outside: a link that works once gives the
// browser a cookie, and without that nothing is passed on.
type Gate struct {
	client   *Client
	listener net.Listener
	proxy    http.Handler
	cookie   string

	mu   sync.Mutex // guards link
	link string     // empty when it was used
}

// OpenGate listens on an address of the loopback.
func OpenGate(c *Client, listen string) (*Gate, error) {
	at, err := netip.ParseAddrPort(listen)
	if err != nil || !at.Addr().Unmap().IsLoopback() {
		return nil, fmt.Errorf("listen on %q: an address of the loopback with a port, such as 127.0.0.1:0", listen)
	}
	l, err := net.Listen("tcp", at.String())
	if err != nil {
		return nil, err
	}
	g := &Gate{client: c, listener: l, cookie: rand.Text(), link: rand.Text()}
	g.proxy = &httputil.ReverseProxy{
		Transport: c.http.Transport, Rewrite: g.rewrite, FlushInterval: -1, ErrorHandler: g.unreachable,
	}
	return g, nil
}

// Link is the address to open in a browser. It works once.
func (g *Gate) Link() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return "http://" + g.listener.Addr().String() + enterPath + g.link
}

// Run serves until ctx is done.
func (g *Gate) Run(ctx context.Context) error {
	srv := &http.Server{
		Handler: g.handler(), ReadHeaderTimeout: readTimeout, MaxHeaderBytes: maxHeader, IdleTimeout: answerTimeout,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { defer close(stopped); shutdown(srv) })
	err := srv.Serve(g.listener)
	if stop() {
		return err
	}
	<-stopped
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// handler is what a request passes: the name that the browser knows us by must
// be ours (DNS rebinding), the page that it comes from too, and it needs the cookie.
func (g *Gate) handler() http.Handler {
	crossSite := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !g.answersTo(r.Host):
			http.Error(w, r.Host+" is not a name of this address", http.StatusMisdirectedRequest)
		case crossSite.Check(r) != nil:
			http.Error(w, "a page of another site may not do that", http.StatusForbidden)
		case strings.HasPrefix(r.URL.Path, enterPath) && (g.admits(r) || g.spend(r.URL.Path[len(enterPath):])):
			g.enter(w, r)
		case g.admits(r):
			g.proxy.ServeHTTP(w, r)
		default:
			http.Error(w, "open the address that carpctl web has printed; it works once", http.StatusUnauthorized)
		}
	})
}

// answersTo knows the address as it is and as localhost.
func (g *Gate) answersTo(host string) bool {
	own := g.listener.Addr().String()
	_, port, _ := net.SplitHostPort(own)
	return host == own || host == net.JoinHostPort("localhost", port)
}

// cookieName differs by port: cookies do not.
func (g *Gate) cookieName() string {
	_, port, _ := net.SplitHostPort(g.listener.Addr().String())
	return "carpctl-" + port
}

// admits tells whether the browser has the cookie.
func (g *Gate) admits(r *http.Request) bool {
	c, err := r.Cookie(g.cookieName())
	return err == nil && subtle.ConstantTimeCompare([]byte(c.Value), []byte(g.cookie)) == 1
}

// spend uses up the link.
func (g *Gate) spend(key string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.link == "" || subtle.ConstantTimeCompare([]byte(key), []byte(g.link)) != 1 {
		return false
	}
	g.link = ""
	return true
}

// enter gives the cookie and leads on, so that the link is not in the address
// of any page.
func (g *Gate) enter(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Cache-Control", "no-store")
	http.SetCookie(w, &http.Cookie{Name: g.cookieName(), Value: g.cookie, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// rewrite makes the request that goes on. What the browser said of where it
// comes from was checked here, and is not about the server behind.
func (g *Gate) rewrite(p *httputil.ProxyRequest) {
	p.SetURL(g.client.base)
	p.Out.Host = g.client.base.Host
	for _, name := range []string{"Origin", "Referer", "Sec-Fetch-Site", "Authorization"} {
		p.Out.Header.Del(name)
	}
	p.Out.Header.Del("Cookie")
	for _, c := range p.In.Cookies() { // Those of other programs on the loopback are theirs.
		if strings.HasPrefix(c.Name, "carpd") {
			p.Out.AddCookie(c)
		}
	}
	g.client.show(p.Out.Header)
}

// unreachable says why there is no answer.
func (g *Gate) unreachable(w http.ResponseWriter, r *http.Request, err error) {
	http.Error(w, g.client.explain(r.Context(), err).Error(), http.StatusBadGateway)
}
