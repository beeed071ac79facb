package cluster

import "fmt"

// Refusal is a peer's own answer that it would not. Code is a word for programs.
type Refusal struct {
	Node string // that refused
	Code string
	Text string
}

// Error says who refused and why.
func (r *Refusal) Error() string { return r.Node + " refuses: " + r.Text }

// Refuse makes the error with which a handler refuses; what the caller gets is a
// *Refusal with the name of this node.
func Refuse(code, format string, args ...any) error {
	return &Refusal{Code: code, Text: fmt.Sprintf(format, args...)}
}

// Unreachable says that a node did not answer, so that nobody knows what it did.
type Unreachable struct {
	Node string
	Err  error
}

// Error says who is not there.
func (u *Unreachable) Error() string { return fmt.Sprintf("%s does not answer: %v", u.Node, u.Err) }

// Unwrap is what the network said.
func (u *Unreachable) Unwrap() error { return u.Err }

// Codes of refusals.
const (
	CodeFailed    = "failed"    // a handler's error without a code of its own
	CodeNoSuch    = "no such"   // nothing is served on that path
	CodeNoMember  = "no member" // the caller's certificate is not that of a member
	CodeBusy      = "busy"      // too many calls
	CodeBody      = "body"      // the body cannot be read
	CodeToken     = "token"     // of join: wrong, used or expired
	CodeNameTaken = "name"      // of join: another node has it
)
