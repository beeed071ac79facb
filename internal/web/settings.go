package web

import (
	"context"
	"errors"
	"slices"

	"github.com/carpd/carpd/internal/status"
)

// settingsPage has the keys at the top of the configuration, and what else is to
// be known of the file.
var settingsPage = page{path: "/settings", name: "Settings", file: "settings.html", load: loadSettings,
	acts: []act{{"settings", saveSettings}, {"reload", reload}, {"reload/try", tryReload}}}

// setting is one key with its choice.
type setting struct {
	Key, Label, Now string
	Hint            string
	Choices         []choice
}

// choice is one value of a setting, with what it means.
type choice struct{ Value, Means string }

// settings are the keys that the page offers, with the value of now filled in.
func settings(c *status.Config) []setting {
	return []setting{
		{"log_level", "Log level", c.LogLevel, "How much is logged to stderr, where the journal takes it.",
			[]choice{{"debug", "everything, for looking closely"}, {"info", "what happens (as by default)"}, {"warn", "what may need somebody"}, {"error", "what went wrong"}}},
		{"xdp", "XDP", c.XDP, "How the program that answers for the addresses is attached to an interface.",
			[]choice{{"auto", "the best that works (as by default)"}, {"native", "in the driver; an interface without it is a problem"},
				{"generic", "above the driver, works everywhere"}, {"tcx", "no XDP: TCX answers, beside other XDP programs"}, {"off", "the same as tcx"}}},
		{"detach_on_stop", "Detach on stop", c.DetachOnStop, "Whether the idle XDP program is taken off an interface when carpd ends.",
			[]choice{{"auto", "leave it where taking it off would reset the link (as by default)"}, {"true", "always take it off"}, {"false", "leave it, idle"}}},
	}
}

// settingsView is what the page shows.
type settingsView struct {
	*status.Config
	Settings []setting
	Deviates bool
	Faults   faults
	Tried    *status.Applied // what loading the file again would do
}

func loadSettings(ctx context.Context, a *ask) (any, error) {
	c, err := a.src.Config(ctx)
	if err != nil {
		return nil, err
	}
	v := &settingsView{Config: c, Settings: settings(c), Deviates: deviates(c)}
	v.Tried, _ = a.result.(*status.Applied)
	_ = errors.As(a.err, &v.Faults)
	return v, nil
}

// saveSettings sends what is not as it was.
func saveSettings(ctx context.Context, a *ask) (string, error) {
	c, err := a.src.Config(ctx)
	if err != nil {
		return "", err
	}
	var wrong faults
	e := status.SettingsEdit{Base: a.form.Get("base")}
	into := map[string]**string{"log_level": &e.LogLevel, "xdp": &e.XDP, "detach_on_stop": &e.DetachOnStop}
	changed := false
	for _, s := range settings(c) {
		typed := a.form.Get(s.Key)
		if !slices.ContainsFunc(s.Choices, func(c choice) bool { return c.Value == typed }) {
			wrong.add(s.Key, "%s: choose one of the list.", s.Label)
		}
		*into[s.Key] = text(typed, s.Now)
		changed = changed || typed != s.Now
	}
	switch {
	case len(wrong) > 0:
		return "", wrong
	case !changed:
		return "Nothing was changed.", nil
	}
	if _, err := a.src.EditSettings(ctx, e); err != nil {
		return "", blame(err)
	}
	return "The settings are changed by the pending changes. Once applied, they count after a restart of carpd.", nil
}

// reload takes the file as it is; tryReload only says what that would do.
func reload(ctx context.Context, a *ask) (string, error) {
	return told(a.src.Reload(ctx, status.ReloadRequest{}))
}

func tryReload(ctx context.Context, a *ask) (string, error) {
	done, err := a.src.Reload(ctx, status.ReloadRequest{DryRun: true})
	if err == nil {
		a.result = done
	}
	return "", err
}
