package cluster

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"

	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/statedir"
)

// Names of the files. The list of members is written last when a node is enrolled
// and goes first when it leaves: with it a node is a member.
const (
	caCertFile   = "ca.crt"
	caKeyFile    = "ca.key"
	nodeCertFile = "node.crt"
	nodeKeyFile  = "node.key"
	membersFile  = "members.json"
	ticketsFile  = "tokens.json"
)

// identity is what makes this node a member.
type identity struct {
	ca, node *pair
}

// name is that of this node.
func (i *identity) name() string { return i.node.cert.Subject.CommonName }

// files are those of one directory.
type files string

// path of one of them.
func (f files) path(name string) string { return filepath.Join(string(f), name) }

// make makes the directory.
func (f files) make() error { return os.MkdirAll(string(f), 0o700) }

// isThere tells whether this node was enrolled.
func (f files) isThere() bool {
	_, err := os.Stat(f.path(membersFile))
	return !errors.Is(err, os.ErrNotExist)
}

// identity reads keys and certificates.
func (f files) identity() (*identity, error) {
	ca, err := f.pair(caCertFile, caKeyFile)
	if err != nil {
		return nil, err
	}
	node, err := f.pair(nodeCertFile, nodeKeyFile)
	return &identity{ca, node}, err
}

// pair reads a certificate and its key.
func (f files) pair(cert, key string) (*pair, error) {
	der, err := f.readPEM(cert, "CERTIFICATE")
	if err != nil {
		return nil, err
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", f.path(cert), err)
	}
	k, err := f.key(key)
	if err == nil && !k.PublicKey.Equal(c.PublicKey) {
		err = fmt.Errorf("%s is not the key of %s", f.path(key), f.path(cert))
	}
	return &pair{c, k}, err
}

// key reads a key. No error tells what is in the file.
func (f files) key(name string) (*ecdsa.PrivateKey, error) {
	der, err := f.readPEM(name, "PRIVATE KEY")
	if err != nil {
		return nil, err
	}
	k, err := parseKey(der)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", f.path(name), err)
	}
	return k, nil
}

// parseKey reads an ECDSA key.
func parseKey(der []byte) (*ecdsa.PrivateKey, error) {
	any, err := x509.ParsePKCS8PrivateKey(der)
	if k, ok := any.(*ecdsa.PrivateKey); ok && err == nil {
		return k, nil
	}
	return nil, errors.New("no ECDSA key")
}

// readPEM reads one block.
func (f files) readPEM(name, kind string) ([]byte, error) {
	text, err := statedir.ReadFile(f.path(name))
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != kind {
		return nil, fmt.Errorf("read %s: no %s in it", f.path(name), kind)
	}
	return block.Bytes, nil
}

// writePEM replaces a file with one block.
func (f files) writePEM(name, kind string, der []byte) error {
	return statedir.WriteFile(f.path(name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// writeKey replaces a key.
func (f files) writeKey(name string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return f.writePEM(name, "PRIVATE KEY", der)
}

// writeIdentity keeps keys and certificates.
func (f files) writeIdentity(i *identity) error {
	for _, x := range []struct {
		cert, key string
		of        *pair
	}{{caCertFile, caKeyFile, i.ca}, {nodeCertFile, nodeKeyFile, i.node}} {
		if err := errors.Join(f.writeKey(x.key, x.of.key), f.writePEM(x.cert, "CERTIFICATE", x.of.cert.Raw)); err != nil {
			return err
		}
	}
	return nil
}

// readJSON reads a file; one that is not there leaves the value as it is.
func (f files) readJSON(name string, into any) error {
	raw, err := statedir.ReadFile(f.path(name))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(raw, into)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", f.path(name), err)
	}
	return nil
}

// writeJSON replaces a file.
func (f files) writeJSON(name string, value any) error {
	raw, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return statedir.WriteFile(f.path(name), append(raw, '\n'))
}

// members reads the list.
func (f files) members() (roster, error) {
	list := newRoster()
	err := f.readJSON(membersFile, &list)
	if err == nil {
		err = list.check()
	}
	return list, err
}

// wipe forgets that this node was a member.
func (f files) wipe() (err error) {
	for _, name := range []string{membersFile, ticketsFile, nodeKeyFile, nodeCertFile, caKeyFile, caCertFile} {
		err = errors.Join(err, statedir.Remove(f.path(name)))
	}
	return err
}

// hexSum is a SHA-256 in hexadecimal.
var hexSum = regexp.MustCompile(`^[0-9a-f]{64}$`)

// check refuses a list that no node of ours has written.
func (r roster) check() error {
	if err := r.bounded(); err != nil {
		return err
	}
	for name, e := range r.Members {
		_, err := netip.ParseAddrPort(e.Address)
		if !config.IsNodeName(name) || err != nil || !hexSum.MatchString(e.Key) || e.Rank < 0 || e.Rank > 4*maxMembers || !config.IsNodeName(e.By) {
			return fmt.Errorf("a list with a member %q that cannot be", name)
		}
	}
	return nil
}
