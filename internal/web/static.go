package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"

	"github.com/carpd/carpd/internal/control"
)

//go:embed static
var staticFiles embed.FS

// kinds are what we serve; nothing else is in the folder.
var kinds = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

// static is one file with the hash that names its contents.
type static struct {
	body []byte
	kind string
	hash string
}

// statics are all of them by name.
var statics = func() map[string]static {
	out := map[string]static{}
	files, err := staticFiles.ReadDir("static")
	if err != nil {
		panic(err)
	}
	for _, f := range files {
		body, err := staticFiles.ReadFile("static/" + f.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(body)
		out[f.Name()] = static{body, kinds[path.Ext(f.Name())], hex.EncodeToString(sum[:8])}
	}
	return out
}()

// asset is the address of a file. The hash is in it, so that a browser may keep
// the file for good and asks for the next release's at once.
func asset(name string) string { return staticPrefix + name + "?" + statics[name].hash }

// serveStatic needs no role: there is nothing of this node in these files.
func (s *site) serveStatic(w http.ResponseWriter, r *http.Request, who control.Caller) {
	f, ok := statics[r.PathValue("file")]
	if !ok {
		s.refuse(w, r, who, http.StatusNotFound, "There is no such file.")
		return
	}
	tag := `"` + f.hash + `"`
	h := w.Header()
	h.Set("ETag", tag)
	h.Set("Cache-Control", "no-cache")
	if r.URL.RawQuery == f.hash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", f.kind)
	_, _ = w.Write(f.body)
}
