package web

import (
	"context"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/status"
)

// view is what a template sees as ".".
type view struct {
	Page  *page
	Data  any    // what load returned
	Error string // why there is none
	Flash string // what was done just now
	Who   control.Caller
	Now   time.Time
	Path  string // of this page with its query
	// Cluster is the verdict in the header, never nil; Node is where we are.
	Cluster *status.Cluster
	Node    string
	// Pending is the banner of changes that are not applied or not confirmed.
	Pending *pendingView
	failed  *failed
}

// failed is a form that was refused.
type failed struct {
	act  string
	form url.Values
	err  error
}

// view gathers what every page has.
func (s *site) view(ctx context.Context, r *http.Request, p *page, a *ask) *view {
	v := &view{Page: p, Who: a.who, Now: a.now, Path: p.path, Cluster: &status.Cluster{}}
	if r.URL.RawQuery != "" {
		v.Path += "?" + r.URL.RawQuery
	}
	if a.who.Role >= control.ReadOnly {
		v.Cluster = clusterOf(ctx, s.src)
		v.Node = v.Cluster.Node
		v.Pending = pendingOf(ctx, s.src)
	}
	return v
}

// May tells whether this caller may change anything.
func (v *view) May() bool { return v.Who.Role >= control.Admin }

// Lock is the attribute of a fieldset whose buttons this caller may not use.
// The sentence that it points to is in the layout.
func (v *view) Lock() template.HTMLAttr {
	if v.May() {
		return ""
	}
	return `disabled aria-describedby="readonly"`
}

// Signed is how the one who asks came in, empty for nobody.
func (v *view) Signed() string {
	switch {
	case v.Who.Role == control.Nobody:
		return ""
	case v.Who.Name != "":
		return "signed in as " + v.Who.Name
	}
	return "through the local " + v.Who.Via
}

// Session tells whether this caller signed in on the page, and may sign out.
func (v *view) Session() bool { return v.Who.Via == "login" }

// Nav are the pages of the navigation.
func (v *view) Nav() []*page {
	var out []*page
	for _, p := range pages {
		if !p.hidden {
			out = append(out, p)
		}
	}
	return out
}

// Is tells whether the navigation marks p.
func (v *view) Is(p *page) bool { return v.Page == p || v.Page.under == p.path }

// Path and Name are for templates.
func (p *page) Path() string { return p.path }
func (p *page) Name() string { return p.name }
func (p *page) Bare() bool   { return p.open }

// Problem is what was wrong with one form of the page, nil if it is not the one
// that was refused.
func (v *view) Problem(act, form string) *problem {
	if v.failed == nil || v.failed.act != act || v.failed.form.Get("form") != form {
		return nil
	}
	return problemOf(v.failed.err)
}

// Typed is what was typed into a field of the form that was refused, or else
// the value that the field begins with. What is secret is typed again.
func (v *view) Typed(act, form, field string, otherwise any) any {
	if v.failed == nil || v.failed.act != act || v.failed.form.Get("form") != form || secret(field) {
		return otherwise
	}
	if got, ok := v.failed.form[field]; ok && len(got) > 0 {
		return got[0]
	}
	return otherwise
}

// Ticked is the same for a box.
func (v *view) Ticked(act, form, field string, otherwise bool) template.HTMLAttr {
	ticked := otherwise
	if v.failed != nil && v.failed.act == act && v.failed.form.Get("form") == form {
		ticked = v.failed.form.Get(field) != ""
	}
	if ticked {
		return "checked"
	}
	return ""
}

// secret tells by its name that a field is never sent back.
func secret(field string) bool {
	return strings.Contains(field, "password") || strings.Contains(field, "token")
}
