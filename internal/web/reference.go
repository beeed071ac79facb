package web

import (
	"context"

	"github.com/carpd/carpd/internal/config"
)

// referencePage is the text that explains every key of the configuration. It is
// part of the program, so it is that of this release.
var referencePage = page{path: "/settings/reference", name: "Every key of the configuration", under: "/settings", hidden: true,
	file: "reference.html", load: func(context.Context, *ask) (any, error) { return config.Reference, nil }}
