package control

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
)

// Address is how a client reaches a carpd over TCP. All but Server are paths of
// files, and may be empty: secrets are not for command lines.
type Address struct {
	Server           string // https://host:port
	TokenFile        string // holds a bearer token
	CA               string // PEM, whom to trust; empty = what the system trusts
	Certificate, Key string // PEM, of the client
}

// Connect makes a client for an address. It connects with each request.
func Connect(a Address) (*Client, error) {
	base, err := url.Parse(a.Server)
	if err != nil || base.Scheme != "https" || base.Host == "" || strings.Trim(base.Path, "/") != "" || base.User != nil {
		return nil, fmt.Errorf("server %q: an address such as https://192.0.2.11:8443", a.Server)
	}
	base.Path = ""
	c := &Client{path: a.Server, called: "carpd at " + base.Host, base: base, patience: clientTimeout}
	config, err := a.trust()
	if err != nil {
		return nil, err
	}
	if c.token, err = a.readToken(); err != nil {
		return nil, err
	}
	c.http.Transport = &http.Transport{TLSClientConfig: config, DisableKeepAlives: true, Proxy: http.ProxyFromEnvironment}
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // The token is for one server.
	return c, nil
}

// trust is whom the client believes and what it shows.
func (a Address) trust() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS13}
	if a.CA != "" {
		raw, err := os.ReadFile(a.CA)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(raw) {
			return nil, fmt.Errorf("%s holds no certificate", a.CA)
		}
	}
	if (a.Certificate == "") != (a.Key == "") {
		return nil, errors.New("a certificate needs its key, and a key its certificate")
	}
	if a.Certificate != "" {
		pair, err := tls.LoadX509KeyPair(a.Certificate, a.Key)
		if err != nil {
			return nil, fmt.Errorf("certificate %s: %w", a.Certificate, err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// readToken reads the token from its file, which others must not read.
func (a Address) readToken() (string, error) {
	if a.TokenFile == "" {
		return "", nil
	}
	info, err := os.Stat(a.TokenFile)
	if err != nil {
		return "", err
	}
	if mode := info.Mode(); mode.IsRegular() && mode.Perm()&0o077 != 0 {
		return "", fmt.Errorf("%s may be read by others (mode %04o)", a.TokenFile, mode.Perm())
	}
	raw, err := os.ReadFile(a.TokenFile)
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(raw))
	if token == "" || strings.ContainsAny(token, " \r\n\t") {
		return "", fmt.Errorf("%s holds no token", a.TokenFile)
	}
	return token, nil
}

// show adds the token to a request.
func (c *Client) show(h http.Header) {
	if c.token != "" {
		h.Set("Authorization", "Bearer "+c.token)
	}
}
