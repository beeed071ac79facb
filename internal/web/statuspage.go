package web

import "context"

// statusPage is the first one: all nodes and groups as they are now.
var statusPage = page{path: "/", name: "Status", file: "status.html", load: loadStatus}

func loadStatus(ctx context.Context, a *ask) (any, error) { return clusterOf(ctx, a.src), nil }
