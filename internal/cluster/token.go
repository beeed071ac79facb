package cluster

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"time"
)

// tokenMark begins every token, so that one is recognised when it lies around.
const tokenMark = "carpd-join-"

// DefaultTokenLife is how long a token can be used.
const (
	DefaultTokenLife = 15 * time.Minute
	maxTokenLife     = 7 * 24 * time.Hour
)

// token is what an operator carries from one node to the other. Who has it can
// join once; so it also says whom to trust: the joiner checks the CA and the key
// of the node that made it before it sends the secret.
type token struct {
	Secret  []byte         `json:"s"`
	CA      []byte         `json:"c"` // SHA-256 of the CA's public key
	Node    []byte         `json:"n"` // SHA-256 of the public key of the node that made it
	Address netip.AddrPort `json:"a"`
}

// newToken makes one with 256 random bits.
func newToken(ca, node string, address netip.AddrPort) (token, error) {
	caSum, err1 := hex.DecodeString(ca)
	nodeSum, err2 := hex.DecodeString(node)
	secret := make([]byte, 32)
	_, err3 := rand.Read(secret)
	return token{secret, caSum, nodeSum, address}, errors.Join(err1, err2, err3)
}

// String is the token in one word.
func (t token) String() string {
	raw, _ := json.Marshal(t) // Bytes and an address can always be encoded.
	return tokenMark + base64.RawURLEncoding.EncodeToString(raw)
}

var errToken = errors.New("this is no whole token: carpctl cluster token on a member prints one")

// readToken reads the word. No error quotes it.
func readToken(text string) (t token, err error) {
	word, ok := strings.CutPrefix(strings.TrimSpace(text), tokenMark)
	raw, err := base64.RawURLEncoding.DecodeString(word)
	if !ok || err != nil || json.Unmarshal(raw, &t) != nil {
		return token{}, errToken
	}
	if len(t.Secret) != 32 || len(t.CA) != sha256.Size || len(t.Node) != sha256.Size || !t.Address.IsValid() {
		return token{}, errToken
	}
	return t, nil
}

// hash is how a secret is kept.
func hash(secret []byte) string {
	sum := sha256.Sum256(secret)
	return hex.EncodeToString(sum[:])
}

// ticket is a token as the node that made it remembers it.
type ticket struct {
	Hash  string    `json:"hash"`
	Until time.Time `json:"until"`
	// Used is the key that joined with it. That one may ask again: its answer
	// may have been lost on the way.
	Used string `json:"used,omitempty"`
}

// tickets are all that can still be told apart.
type tickets []ticket

// keep drops those that expired more than a week ago; until then who comes with one
// is told that it has expired.
func (t tickets) keep(now time.Time) (out tickets) {
	for _, x := range t {
		if now.Before(x.Until.Add(maxTokenLife)) {
			out = append(out, x)
		}
	}
	return out
}

// take finds the ticket of a secret for a key that wants to join: its index, or why
// not. It does not mark it.
func (t tickets) take(secret []byte, key string, now time.Time) (int, *denied) {
	sum := []byte(hash(secret))
	for i, x := range t {
		if subtle.ConstantTimeCompare([]byte(x.Hash), sum) != 1 {
			continue
		}
		switch {
		case x.Used != "" && x.Used != key:
			return 0, &denied{wrongToken, "this token was used already: make another one with carpctl cluster token"}
		case now.After(x.Until):
			return 0, &denied{wrongToken, "this token expired on " + x.Until.UTC().Format(time.RFC3339) + ": make another one with carpctl cluster token"}
		}
		return i, nil
	}
	return 0, &denied{wrongToken, "this token is not one that this node has made"}
}
