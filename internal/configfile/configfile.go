// Package configfile reads a configuration from disk: the file, the secret files
// that it names, and systemd's credentials. What the file means is package
// config's part; this one must never judge.
package configfile

import (
	"bytes"
	"io"
	"io/fs"
	"os"

	"github.com/carpd/carpd/internal/config"
)

// Load reads and checks a configuration with its secrets. skipUnreadable makes a
// secret that this user may not read a warning.
func Load(path string, skipUnreadable bool) (*config.Config, []config.Warning, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	return config.Load(f, path, options(info.Mode(), skipUnreadable))
}

// LoadText checks a text as the file that it is, or is to be, with the secrets
// that it names.
func LoadText(path string, text []byte) (*config.Config, []config.Warning, error) {
	info, _ := os.Stat(path)
	return config.Load(bytes.NewReader(text), path, options(modeOf(info), false))
}

// options are how a file of this mode is read.
func options(mode fs.FileMode, skipUnreadable bool) config.Options {
	return config.Options{
		ReadFile:       readSecret,
		Credentials:    os.Getenv("CREDENTIALS_DIRECTORY"),
		SkipUnreadable: skipUnreadable,
		Mode:           mode,
	}
}

// maxSecret is far above any password.
const maxSecret = 4096

// readSecret reads a file and tells its mode, also when it may not be read. A
// device or a pipe is not read: it may never end.
func readSecret(path string) ([]byte, fs.FileMode, error) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return nil, modeOf(info), err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, info.Mode(), err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxSecret))
	return data, info.Mode(), err
}

// modeOf is the mode of a file, 0 of one that is not known.
func modeOf(info fs.FileInfo) fs.FileMode {
	if info == nil {
		return 0
	}
	return info.Mode()
}
