package control

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"syscall"
	"time"
)

// files reads certificates and keeps them until their files change. A
// certificate that cannot be read any more is kept as it was, with the problem
// beside it; of CAs nothing is kept, so that trust ends where it is in doubt.
type files struct {
	mu    sync.Mutex // guards what follows
	pair  kept[*tls.Certificate]
	trust kept[*x509.CertPool]
}

// kept is what was read from some files, and as what these were seen then.
type kept[T any] struct {
	value   T
	seen    string
	problem error
}

// get reads anew when the files look otherwise than before.
func (k *kept[T]) get(paths []string, read func() (T, error)) (T, error) {
	seen := looks(paths)
	if seen == k.seen {
		return k.value, k.problem
	}
	k.seen = seen
	v, err := read()
	if k.problem = err; err == nil {
		k.value = v
	}
	return k.value, k.problem
}

// looks tells files apart by name, place, size and time.
func looks(paths []string) (text string) {
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			text += p + " " + err.Error() + "\n"
			continue
		}
		place := info.Sys().(*syscall.Stat_t)
		text += fmt.Sprintf("%s %d %d %d %s\n", p, place.Dev, place.Ino, info.Size(), info.ModTime().Format(time.RFC3339Nano))
	}
	return text
}

// certificate is the one to show, nil when there never was one.
func (f *files) certificate(r *Remote) *tls.Certificate {
	cert, _ := f.load(r)
	return cert
}

// load is the certificate to show, and why the files that should hold it do not.
func (f *files) load(r *Remote) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pair.get([]string{r.Certificate, r.Key}, func() (*tls.Certificate, error) { return loadPair(r.Certificate, r.Key) })
}

// roots are the CAs of client certificates, nil for none.
func (f *files) roots(path string) *x509.CertPool {
	pool, _ := f.loadRoots(path)
	return pool
}

// loadRoots is roots with its problem. That there is no such file is none.
func (f *files) loadRoots(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	pool, err := f.trust.get([]string{path}, func() (*x509.CertPool, error) { return loadPool(path) })
	if err != nil {
		return nil, err
	}
	return pool, nil
}

// loadPair reads a certificate and its key, which others must not read.
func loadPair(certificate, key string) (*tls.Certificate, error) {
	if certificate == "" {
		return nil, errors.New("no certificate")
	}
	info, err := os.Stat(key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no certificate yet: %w", err)
	}
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o007 != 0 {
		return nil, fmt.Errorf("key %s may be read by others (mode %04o)", key, mode)
	}
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return nil, fmt.Errorf("certificate %s: %w", certificate, err)
	}
	return &pair, nil
}

// loadPool reads the certificates of CAs.
func loadPool(path string) (*x509.CertPool, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(raw) {
		return nil, fmt.Errorf("%s holds no certificate", path)
	}
	return pool, nil
}
