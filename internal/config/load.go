package config

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
)

// Options is what the caller knows or reads for Load, so that the package
// itself touches no file.
type Options struct {
	// ReadFile reads a secret file and tells its mode, also beside an error
	// where it can. Without it secrets in files are not looked at and stay
	// zero: the syntax alone is checked.
	ReadFile func(path string) ([]byte, fs.FileMode, error)
	// Credentials is $CREDENTIALS_DIRECTORY, where systemd puts credentials.
	Credentials string
	// SkipUnreadable makes a secret that this user may not read a warning, so
	// that a file can be checked by somebody who must not know its secrets.
	SkipUnreadable bool
	// Mode is the mode of the configuration file itself; zero is unknown.
	Mode fs.FileMode
}

// Load reads and checks a whole file. The name is used in messages, and paths
// in the file are relative to its directory. The error is of type Errors and
// holds every mistake there is, unless r cannot be read.
func Load(r io.Reader, name string, o Options) (*Config, []Warning, error) {
	src, err := readAll(r)
	if err != nil {
		var p *fs.PathError // It would name the file again.
		if errors.As(err, &p) {
			err = p.Err
		}
		return nil, nil, fmt.Errorf("read %s: %w", name, err)
	}
	l := &loader{file: name, options: o}
	c := l.config(src)
	slices.SortStableFunc(l.mistakes, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	if len(l.mistakes) > 0 {
		return nil, l.warnings, l.mistakes
	}
	return c, l.warnings, nil
}

// loader collects what is found while a file is read.
type loader struct {
	file     string
	options  Options
	mistakes Errors
	warnings []Warning
}

// place is where something stands in the file; both count from 1.
type place struct{ line, column int }

// wrong notes a mistake.
func (l *loader) wrong(at place, found, allowed string) {
	l.mistakes = append(l.mistakes, Mistake{l.file, at.line, at.column, found, allowed})
}

// warn notes a warning.
func (l *loader) warn(at place, text string) {
	l.warnings = append(l.warnings, Warning{l.file, at.line, at.column, text})
}

// config goes from bytes to checked values. What it returns is meaningless
// when there are mistakes.
func (l *loader) config(src []byte) *Config {
	root := l.parse(src)
	if root == nil {
		return nil
	}
	f := newFileDraft()
	if v, ok := l.value("the file", "", root, place{1, 1}); ok {
		if _, ok = walk(v, fileKeys, f); ok {
			l.finish(f)
		}
	}
	return &f.Config
}
