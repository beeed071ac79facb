package control

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails when a handler, a follower or a client outlives its test.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
