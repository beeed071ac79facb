package web

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/carpd/carpd/internal/control"
)

// page is one page. To add one:
//
//  1. Write a file of its own with a variable of this type, such as
//     var logPage = page{path: "/log", name: "Log", file: "log.html", load: loadLog}
//     and add it to the table in pages.go, which is the order of the navigation.
//  2. Write templates/<file> with {{define "main"}}. In it "." is a *view: what
//     load returned is .Data. The parts in templates/parts.html are at hand.
//  3. For each form, add an act: <form method="post" action="/do/x/y"> is
//     answered by the act with path "x/y". Inside of the form say
//     <fieldset {{$.Lock}}> so that a reader sees it disabled with the reason,
//     and {{template "problem" ($.Problem "x/y" "")}} where an error belongs.
//     If there are several forms of one act on the page, give each
//     <input type="hidden" name="form" value="1@eth0"> and ask for
//     ($.Problem "x/y" "1@eth0"). A field takes {{$.Typed "x/y" "1@eth0" "name" .Default}}
//     as its value, so that nothing typed is lost with an error.
//  4. A part that changes by itself is an element with an id and data-live: the
//     script asks for the page again and brings that element up to date without
//     touching focus, open details or what is being typed. Inside of it, what
//     can come and go needs ids too.
//
// A page has no inline script or style: the policy forbids both. Ages are made
// by the functions age and span; see words.go and the package words.
type page struct {
	path  string // exactly this one
	name  string // in the title, and in the navigation unless hidden
	under string // the path of the page that the navigation marks; empty = its own
	// hidden pages are not in the navigation; open ones need no signing in.
	hidden, open bool
	file         string // in templates/, defines "main"
	// load gathers what the template shows. Its error is shown in its place.
	load func(ctx context.Context, a *ask) (any, error)
	acts []act
}

// act is what one form does. A change is refused to all but administrators.
type act struct {
	path string // under /do/
	// do returns what was done, in a sentence. With an error the page is shown
	// again, with the error beside the form; see badField for one of a field.
	do func(ctx context.Context, a *ask) (string, error)
}

// ask is one request to a page: what it may be asked about and its form.
type ask struct {
	src control.Source
	// Query is that of the page's address. A form whose action carries the same
	// query finds its page again after an error.
	query url.Values
	form  url.Values // of a POST; nil for a page that is only read
	now   time.Time
	// kernel is what the kernel told the last time that it was asked.
	kernel *kernelMemory
	who    control.Caller
	// next is where to go after an act; empty is its page.
	next string
	// err is why an act was refused, for the load of the page that is then shown.
	err error
	// result is what an act has to show that must not or need not last, such as
	// a secret that is shown once: its page is then the answer, without a redirect.
	result any
}

// newAsk reads the form of a POST, within bounds.
func (s *site) newAsk(w http.ResponseWriter, r *http.Request, who control.Caller) (*ask, error) {
	a := &ask{src: s.src, query: r.URL.Query(), now: time.Now(), kernel: &s.kernel, who: who}
	if r.Method != http.MethodPost {
		return a, nil
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	a.form = r.PostForm
	return a, nil
}
