package web

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/carpd/carpd/internal/status"
)

// kernelPage is what the kernel holds: programs, deadlines, rates and maps. To
// know how fast counters run takes it a second, so it is a page of its own.
var kernelPage = page{path: "/dataplane", name: "Dataplane", under: "/", hidden: true, file: "dataplane.html", load: loadKernel}

func loadKernel(ctx context.Context, a *ask) (any, error) { return a.src.Dataplane(ctx) }

// rate is a counter with its name.
type rate struct {
	Name string
	status.Rate
}

// rates are the counters that are not zero, in the order of their names.
func rates(all map[string]status.Rate) []rate {
	var out []rate
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if all[name].Packets > 0 {
			out = append(out, rate{name, all[name]})
		}
	}
	return out
}

// left is what is left of a deadline in the kernel.
func left(seconds *float64) string {
	switch {
	case seconds == nil:
		return "never"
	case *seconds < 0:
		return fmt.Sprintf("over since %.1f s", -*seconds)
	}
	return fmt.Sprintf("%.1f s", *seconds)
}

// sizeOf is a number of bytes as people say it.
func sizeOf(n any) string {
	f, _ := strconv.ParseFloat(fmt.Sprint(n), 64)
	switch {
	case f < 1<<10:
		return fmt.Sprintf("%.0f B", f)
	case f < 1<<20:
		return fmt.Sprintf("%.1f KiB", f/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", f/(1<<20))
}
