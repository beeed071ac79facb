package web

import (
	"bytes"
	"context"
	"embed"
	"html/template"
	"net/http"
	"strconv"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/status"
	"github.com/carpd/carpd/internal/words"
)

//go:embed templates
var templateFiles embed.FS

// liveHeader is sent by the script when it asks for a page only to renew it.
const liveHeader = "X-Carpd-Live"

// functions are those that templates call.
var functions = template.FuncMap{
	"asset":  asset,
	"span":   words.Span,
	"age":    ageAt,
	"plural": words.Plural,
	"clock":  clock,
	"stamp":  stamp,
	"dict":   dict,
	"since":  since,
	"rates":  rates,
	"left":   left,
	"bytes":  sizeOf,

	"difflines": diffLines,
	"short":     shortHash,
	"version":   versionWords,
	"sentence":  sentence,
}

// shared are the layout and the parts; each page adds its own "main".
var shared = template.Must(template.New("layout.html").Funcs(functions).ParseFS(templateFiles, "templates/layout.html", "templates/parts.html", "templates/pending.html", "templates/fields.html"))

// sets are the templates of each page, by file. They are read when the program
// starts, so that a mistake in one shows at once.
var sets = func() map[string]*template.Template {
	out := map[string]*template.Template{}
	files, err := templateFiles.ReadDir("templates")
	if err != nil {
		panic(err)
	}
	for _, f := range files {
		set := template.Must(shared.Clone())
		out[f.Name()] = template.Must(set.ParseFS(templateFiles, "templates/"+f.Name()))
	}
	return out
}()

// show gathers what a page shows and sends it.
func (s *site) show(w http.ResponseWriter, r *http.Request, p *page, a *ask, code int, flash string, f *failed) {
	ctx, cancel := context.WithTimeout(r.Context(), loadTimeout)
	defer cancel()
	v := s.view(ctx, r, p, a)
	v.Flash, v.failed = flash, f
	if p.load != nil {
		data, err := p.load(ctx, a)
		if err != nil {
			v.Error = err.Error()
			code = max(code, http.StatusServiceUnavailable)
		}
		v.Data = data
	}
	s.send(w, code, p.file, v)
}

// refuse shows a sentence in place of a page.
func (s *site) refuse(w http.ResponseWriter, _ *http.Request, who control.Caller, code int, text string) {
	p := &page{path: "", name: http.StatusText(code), file: "layout.html", open: true}
	s.send(w, code, p.file, &view{Page: p, Who: who, Error: text, Cluster: &status.Cluster{}})
}

// send renders first, so that a mistake cannot leave half a page.
func (s *site) send(w http.ResponseWriter, code int, file string, v *view) {
	var body bytes.Buffer
	if err := sets[file].ExecuteTemplate(&body, "layout", v); err != nil {
		s.log.Error().Err(err).Str("page", file).Msg("render")
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(code)
	_, _ = w.Write(body.Bytes())
}

// dict gives a template several values as one: pairs of a name and a value.
func dict(pairs ...any) map[string]any {
	out := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		out[pairs[i].(string)] = pairs[i+1]
	}
	return out
}
