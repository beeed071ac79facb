// Package build knows which version of carpd this is.
package build

import "runtime/debug"

// Version is set by the linker; otherwise the module's version is used.
var Version = ""

// String is the version for people.
func String() string {
	if Version != "" {
		return Version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "dev"
}
