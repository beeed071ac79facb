package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/carpd/carpd/internal/status"
)

// steering verbs change the election.
var steering = []route{
	post("demotions", "raise a named demotion", Source.Demote),
	post("maintenance", "demote this node until a peer has taken over", Source.EnterMaintenance),
	asked(change(http.MethodDelete, "demotions", "remove a demotion", "demotion removed", nil,
		func(ctx context.Context, src Source, r *http.Request, _ struct{}) error {
			return src.Undemote(ctx, r.URL.Query().Get("name"), r.URL.Query().Get("group"))
		}), query{"name", "string", "of the demotion"}, query{"group", "string", "of the demotion; without it, one of the node"}),
	change(http.MethodDelete, "maintenance", "leave maintenance", "maintenance left", nil,
		func(ctx context.Context, src Source, _ *http.Request, _ struct{}) error {
			return src.LeaveMaintenance(ctx)
		}),
	change(http.MethodPost, "handover", "give one group to a peer now", "handed over", status.HandOverRequest{},
		func(ctx context.Context, src Source, _ *http.Request, b status.HandOverRequest) error {
			return src.HandOver(ctx, b)
		}),
	change(http.MethodPost, "disable", "silence a group, or all, until enabled or restarted", "disabled", status.GroupRequest{},
		func(ctx context.Context, src Source, _ *http.Request, b status.GroupRequest) error {
			return src.Disable(ctx, b.Group)
		}),
	change(http.MethodPost, "enable", "let disabled groups take part again", "enabled", status.GroupRequest{},
		func(ctx context.Context, src Source, _ *http.Request, b status.GroupRequest) error {
			return src.Enable(ctx, b.Group)
		}),
	change(http.MethodPost, "announce", "announce the addresses of MASTER groups again", "announced", status.GroupRequest{},
		func(ctx context.Context, src Source, _ *http.Request, b status.GroupRequest) error {
			return src.Announce(ctx, b.Group)
		}),
	change(http.MethodPost, "retire", "end and leave everything to the next carpd", "retired", nil,
		func(ctx context.Context, src Source, _ *http.Request, _ struct{}) error { return src.Retire(ctx) }),
}

// editing verbs change the configuration.
var editing = []route{
	post("reload", "read the configuration file again", Source.Reload),
	post("vips/add", "add a VIP to the pending configuration", Source.AddVIP),
	post("vips/edit", "edit a VIP of the pending configuration", Source.EditVIP),
	post("vips/remove", "remove a VIP from the pending configuration", Source.RemoveVIP),
	post("settings", "edit the settings of the pending configuration", Source.EditSettings),
	post("apply", "make the pending configuration the running one", Source.Apply),
	bare("rebase", "make the pending edits anew in the file as it is now", Source.Rebase),
	bare("discard", "forget the pending configuration", Source.Discard),
	bare("confirm", "keep what was applied on trial", Source.Confirm),
	bare("rollback", "take back what was applied on trial", Source.RollBack),
}

// sharing verbs change the cluster.
var sharing = []route{
	post("cluster/init", "make a CA and the first node of a cluster", Source.InitCluster),
	post("cluster/token", "make a token with which one node may join", Source.ClusterToken),
	post("cluster/join", "join a cluster with a token", Source.JoinCluster),
	post("cluster/remove", "take a node out of the cluster", Source.RemoveNode),
	post("cluster/sync", "compare with all nodes now, and agree", Source.Sync),
}

// get makes the route of a verb that only reads.
func get[T any](path, summary string, ask func(Source, context.Context) (*T, error)) route {
	return route{method: http.MethodGet, path: path, role: ReadOnly, summary: summary, response: *new(T),
		serve: func(s *Server, w http.ResponseWriter, r *http.Request) error {
			answer, err := ask(s.src, r.Context())
			if err != nil {
				return refused(err)
			}
			return writeJSON(w, http.StatusOK, answer)
		}}
}

// post makes the route of a verb that takes a body and answers with one.
func post[B, T any](path, summary string, do func(Source, context.Context, B) (*T, error)) route {
	return route{method: http.MethodPost, path: path, role: Admin, summary: summary, request: *new(B), response: *new(T),
		serve: func(s *Server, w http.ResponseWriter, r *http.Request) error {
			var b B
			return s.act(w, r, path, &b, func(ctx context.Context) (any, error) { return do(s.src, ctx, b) })
		}}
}

// bare makes the route of a verb that takes no body.
func bare[T any](path, summary string, do func(Source, context.Context) (*T, error)) route {
	return route{method: http.MethodPost, path: path, role: Admin, summary: summary, response: *new(T),
		serve: func(s *Server, w http.ResponseWriter, r *http.Request) error {
			return s.act(w, r, path, &struct{}{}, func(ctx context.Context) (any, error) { return do(s.src, ctx) })
		}}
}

// change makes the route of a verb that answers with a word.
func change[B any](method, path, summary, past string, request any, do func(context.Context, Source, *http.Request, B) error) route {
	return route{method: method, path: path, role: Admin, summary: summary, request: request, response: status.Done{},
		serve: func(s *Server, w http.ResponseWriter, r *http.Request) error {
			var b B
			return s.act(w, r, path, &b, func(ctx context.Context) (any, error) {
				return &status.Done{SchemaVersion: status.SchemaVersion, Instance: s.instance(), Done: past}, do(ctx, s.src, r, b)
			})
		}}
}

// asked adds the parameters of a route.
func asked(r route, q ...query) route {
	r.query = q
	return r
}

// act does a verb that changes something, and leaves a line about who did. A
// caller who goes away does not stop it halfway; the end of the server does.
func (s *Server) act(w http.ResponseWriter, r *http.Request, verb string, body any, do func(context.Context) (any, error)) error {
	var answer any
	err := readBody(r.Body, body)
	if err == nil {
		ctx, cancel := context.WithTimeout(s.life, reloadTimeout)
		defer cancel()
		if answer, err = do(ctx); err != nil {
			err = refused(err)
		}
	}
	audit(r, s.log, verb, err)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, answer)
}

// refused gives an error of the daemon its status, if it has none of its own.
func refused(err error) error {
	if errors.As(err, new(*refusal)) {
		return err
	}
	return refuse(http.StatusUnprocessableEntity, "%v", err)
}

// readBody decodes a body strictly: a key that we do not know was meant to do
// something. No body at all is an empty one.
func readBody(body io.Reader, into any) error {
	raw, err := io.ReadAll(body)
	var big *http.MaxBytesError
	switch {
	case errors.As(err, &big):
		return refuse(http.StatusRequestEntityTooLarge, "the body has more than %d bytes", big.Limit)
	case err != nil:
		return refuse(http.StatusBadRequest, "read the body: %v", err)
	case len(bytes.TrimSpace(raw)) == 0:
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return refuse(http.StatusBadRequest, "the body: %v", err)
	}
	if dec.More() {
		return refuse(http.StatusBadRequest, "the body: more than one JSON value")
	}
	return nil
}
