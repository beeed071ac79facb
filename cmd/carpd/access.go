package main

import (
	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/status"
)

// access is who may come in over the network, by name and role alone.
func access(a config.API) status.Access {
	out := status.Access{Listen: a.Listen}
	for _, t := range a.Tokens {
		out.Tokens = append(out.Tokens, status.Caller{Name: t.Name, Role: t.Role})
	}
	for _, c := range a.Clients {
		out.Clients = append(out.Clients, status.Caller{Name: c.Name, Role: c.Role})
	}
	return out
}
