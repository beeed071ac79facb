package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"

	"github.com/carpd/carpd/internal/carp"
)

const (
	maxPassword   = 128 // bytes; what is longer is not a password but a mistake
	shortPassword = 8   // bytes; less is guessed from one recorded advert
	rawKey        = 20  // bytes of a key that is taken verbatim
)

// secret makes the key of a group from the one place that names it.
func (l *loader) secret(d *draft) {
	if len(d.secrets) == 0 {
		l.noSecret(d)
		return
	}
	v := d.secrets[0]
	for _, other := range d.secrets[1:] {
		l.wrong(other.at, fmt.Sprintf("%s beside %s on line %d", other.name, v.name, v.at.line), allowedSecret)
	}
	for _, v := range d.secrets {
		if password, ok := l.password(v); ok {
			l.key(d, v, password)
		}
	}
}

// noSecret is silent when a misspelt key was meant to be one.
func (l *loader) noSecret(d *draft) {
	for _, name := range []string{"", "password", "password_file", "password_credential"} {
		if d.seen.spoiled(name) {
			return
		}
	}
	l.wrong(d.at, "password is missing in a group", allowedSecret+` (password: "" for none)`)
}

// credentialName is what systemd takes for a credential, a plain file name.
var credentialName = regexp.MustCompile(`^[A-Za-z0-9_@:-][A-Za-z0-9_.@:-]{0,254}$`)

// password gets the bytes of a password from where it is kept. It is false
// when there are none, noted or not asked for.
func (l *loader) password(v value) ([]byte, bool) {
	text, ok := v.text()
	switch {
	case !ok:
		l.wrong(v.at, v.name+" is "+kind(v.node), v.allowed)
	case v.name == "password":
		if text != "" {
			l.ownMode(v)
		}
		return []byte(text), true
	case text == "", v.name == "password_credential" && !credentialName.MatchString(text):
		// Somebody may have put the password itself here.
		l.wrong(v.at, v.name+" names none", v.allowed)
	case l.options.ReadFile == nil:
	case v.name == "password_file":
		return l.readSecret(v, l.beside(text), 0o077)
	case l.options.Credentials == "":
		l.unreadable(v, "$CREDENTIALS_DIRECTORY is not set", "LoadCredential= in the unit")
	default:
		// For a service with a user of its own systemd adds an ACL, which
		// shows as group bits.
		return l.readSecret(v, filepath.Join(l.options.Credentials, text), 0o007)
	}
	return nil, false
}

// ownMode warns once that the configuration itself has become a secret file.
func (l *loader) ownMode(v value) {
	if m := l.options.Mode.Perm(); m&0o077 != 0 {
		l.warn(v.at, fmt.Sprintf("the file holds a password and others may read it (mode %04o): chmod 600, or use password_file", m))
		l.options.Mode = 0
	}
}

// beside makes a path relative to the directory of the configuration.
func (l *loader) beside(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(l.file), path)
}

// readSecret reads a secret file and cuts off the newline that editors add.
func (l *loader) readSecret(v value, path string, forbidden fs.FileMode) ([]byte, bool) {
	data, mode, err := l.options.ReadFile(path)
	if err == nil && !mode.IsRegular() {
		l.wrong(v.at, fmt.Sprintf("%s %s is no regular file", v.name, path), v.allowed)
		return nil, false
	}
	if mode.IsRegular() && mode&forbidden != 0 {
		l.wrong(v.at, fmt.Sprintf("%s %s may be read by others (mode %04o)", v.name, path, mode.Perm()), "mode 0600 or less")
	}
	if err != nil {
		l.cannotRead(v, path, err)
		return nil, false
	}
	data = bytes.TrimSuffix(data, []byte("\n"))
	return bytes.TrimSuffix(data, []byte("\r")), true
}

// cannotRead tells a file that this user may not read from one that is not there.
func (l *loader) cannotRead(v value, path string, err error) {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	found := fmt.Sprintf("%s: %v", path, err)
	if errors.Is(err, fs.ErrPermission) {
		l.unreadable(v, found, v.allowed)
		return
	}
	l.wrong(v.at, v.name+" "+found, v.allowed)
}

// unreadable is a mistake for who needs the secret, and a warning for who
// only checks the file.
func (l *loader) unreadable(v value, found, allowed string) {
	if l.options.SkipUnreadable {
		l.warn(v.at, fmt.Sprintf("%s is not checked: %s", v.name, found))
		return
	}
	l.wrong(v.at, v.name+": "+found, allowed)
}

// key makes the key of the group and says what the operator should know of it.
func (l *loader) key(d *draft, v value, password []byte) {
	if d.seen.spoiled("key_format") {
		return
	}
	switch {
	case d.raw20 && len(password) > rawKey:
		l.wrong(v.at, v.name+" has more than 20 bytes", "at most 20 bytes with key_format raw20")
		return
	case len(password) > maxPassword:
		l.wrong(v.at, v.name+" has more than 128 bytes", "at most 128 bytes, of which the first 19 count")
		return
	case !d.raw20 && bytes.IndexByte(password, '\n') >= 0:
		l.wrong(v.at, v.name+" holds a line end", "one line")
		return
	}
	newSecret := carp.NewSecret
	if d.raw20 {
		newSecret = carp.NewRawSecret
	}
	var cut bool
	d.Secret, cut = newSecret(password)
	l.weak(v, password, cut)
}

// weak warns of keys that are legal and unwise.
func (l *loader) weak(v value, password []byte, cut bool) {
	switch {
	case bytes.IndexByte(password, 0) >= 0 && cut:
		l.warn(v.at, v.name+" is cut at its first NUL byte, as ifconfig does")
	case cut:
		l.warn(v.at, fmt.Sprintf("%s is cut to %d bytes, as ifconfig does; UCarp refuses one so long", v.name, carp.MaxPassword))
	case len(password) == 0:
		l.warn(v.at, v.name+" is empty: whoever is on the network can take the addresses")
	case len(password) < shortPassword:
		l.warn(v.at, fmt.Sprintf("%s has less than %d bytes: one recorded advert is enough to guess it", v.name, shortPassword))
	}
}
