package web

import "context"

// logPage is the history.
var logPage = page{path: "/log", name: "Log", file: "log.html", load: loadLog}

func loadLog(_ context.Context, a *ask) (any, error) { return a.src.Events(0), nil }
