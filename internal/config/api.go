package config

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

const (
	allowedListen  = `a list of addresses and ports, such as ["127.0.0.1:8443", "[2001:db8::1]:8443"]`
	allowedTokens  = "a list of mappings with name, role and hash, as carpctl token new prints them"
	allowedClients = "a list of mappings with name and role"
	allowedRole    = "read or admin"
)

var (
	tokenName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}$`)
	tokenHash = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	// A common name has up to 64 characters (RFC 5280, ub-common-name).
	commonName = regexp.MustCompile(`^[^\p{C}]{1,64}$`)
)

// apiDraft is the section api on its way, with the places of what must differ.
type apiDraft struct {
	*API
	addresses, tokens, clients map[string]place
	hashes                     map[string]place
}

// apiKeys are the keys of the section api.
var apiKeys = []key[apiDraft]{
	{name: "listen", required: true, allowed: allowedListen, also: []string{"address", "bind", "port"}, read: readListen},
	{name: "certificate", allowed: "the path of a file with the certificate, and those that lead to its CA, as PEM", also: []string{"cert", "tls_cert"},
		read: func(v value, d *apiDraft) bool { return v.path(&d.Certificate) }},
	{name: "key", secret: true, allowed: "the path of a file with the key of the certificate, as PEM", also: []string{"private_key", "tls_key"},
		read: func(v value, d *apiDraft) bool { return v.path(&d.Key) }},
	{name: "client_ca", allowed: "the path of a file with the certificates of CAs, as PEM", also: []string{"ca", "cacert"},
		read: func(v value, d *apiDraft) bool { return v.path(&d.ClientCA) }},
	{name: "tokens", secret: true, allowed: allowedTokens, read: readTokens},
	{name: "clients", allowed: allowedClients, also: []string{"users", "certificates"}, read: readClients},
}

// tokenKeys are the keys of one bearer token. What stands there is never shown:
// somebody may have put the token itself.
var tokenKeys = []key[APIToken]{
	{name: "name", required: true, allowed: "1 to 64 letters, digits, _, ., @ and -",
		read: func(v value, t *APIToken) bool { return v.match(&t.Name, tokenName) }},
	{name: "role", required: true, allowed: allowedRole,
		read: func(v value, t *APIToken) bool { return v.match(&t.Role, roles) }},
	{name: "hash", required: true, secret: true, allowed: "sha256: and 64 hexadecimal digits, as carpctl token new prints them",
		read: func(v value, t *APIToken) bool { return v.match(&t.Hash, tokenHash) }},
}

// clientKeys are the keys of one client with a certificate.
var clientKeys = []key[APIClient]{
	{name: "name", required: true, allowed: "the common name of a certificate, 1 to 64 characters", also: []string{"cn", "common_name"},
		read: func(v value, c *APIClient) bool { return v.match(&c.Name, commonName) }},
	{name: "role", required: true, allowed: allowedRole,
		read: func(v value, c *APIClient) bool { return v.choice(&c.Role, "read", "admin") }},
}

var roles = regexp.MustCompile(`^(read|admin)$`)

// readAPI reads the section api.
func readAPI(v value, f *fileDraft) bool {
	d := &apiDraft{API: &f.API, addresses: map[string]place{}, tokens: map[string]place{}, clients: map[string]place{}, hashes: map[string]place{}}
	s, ok := walk(v, apiKeys, d)
	if ok {
		v.l.pair(s, "certificate", "key")
		v.l.pair(s, "key", "certificate")
		v.l.nobody(v, s)
	}
	return ok
}

// pair refuses a key without the one that belongs to it.
func (l *loader) pair(s seen, name, other string) {
	k, there := s[name]
	if _, both := s[other]; there && !both {
		l.wrong(k.at, name+" without "+other, "both or neither; with neither the cluster's are used")
	}
}

// nobody warns of a door that opens to nobody.
func (l *loader) nobody(v value, s seen) {
	_, tokens := s["tokens"]
	_, clients := s["clients"]
	if _, unread := s[""]; !tokens && !clients && !unread {
		l.warn(v.at, "api has neither tokens nor clients: nobody may come in")
	}
}

// readListen reads the addresses, each once.
func readListen(v value, d *apiDraft) bool {
	entries, ok := v.list("the address")
	for _, e := range entries {
		addr, good := e.listener()
		if good && e.l.once(e, d.addresses, addr, "the address is there already") {
			d.Listen = append(d.Listen, addr)
			continue
		}
		ok = false
	}
	return ok
}

// listener reads an address with a port that is not 0.
func (v value) listener() (string, bool) {
	text, ok := v.text()
	addr, err := netip.ParseAddrPort(text)
	if !ok || err != nil || addr.Port() == 0 {
		return "", v.refuse()
	}
	return addr.String(), true
}

// readTokens reads the bearer tokens.
func readTokens(v value, d *apiDraft) bool {
	entries, ok := v.list("a token")
	for _, e := range entries {
		var t APIToken
		e.hidden = true
		s, good := walk(e, tokenKeys, &t)
		good = good && s.whole(len(tokenKeys)) && e.l.once(e, d.tokens, t.Name, "another token has this name") &&
			e.l.once(e, d.hashes, t.Hash, "another token has this hash")
		if good {
			d.Tokens = append(d.Tokens, t)
		}
		ok = ok && good
	}
	return ok
}

// readClients reads the roles of certificates.
func readClients(v value, d *apiDraft) bool {
	entries, ok := v.list("a client")
	for _, e := range entries {
		var c APIClient
		s, good := walk(e, clientKeys, &c)
		good = good && s.whole(len(clientKeys)) && e.l.once(e, d.clients, c.Name, "another client has this name")
		if good {
			d.Clients = append(d.Clients, c)
		}
		ok = ok && good
	}
	return ok
}

// whole reports whether so many keys are there and all were read.
func (s seen) whole(n int) bool {
	for _, k := range s {
		if !k.ok {
			return false
		}
	}
	return len(s) == n
}

// once notes where something stands and refuses it a second time.
func (l *loader) once(v value, before map[string]place, what, found string) bool {
	if at, twice := before[what]; twice {
		l.wrong(v.at, found+", on line "+strconv.Itoa(at.line), "each once")
		return false
	}
	before[what] = v.at
	return true
}

// path reads the path of a file; a relative one begins where the file is.
func (v value) path(into *string) bool {
	text, ok := v.text()
	if !ok || strings.TrimSpace(text) == "" || strings.ContainsRune(text, 0) {
		v.l.wrong(v.at, v.name+" names none", v.allowed) // The key itself may stand there.
		return false
	}
	*into = v.l.beside(text)
	return true
}
