package carp

import "testing"

func TestReasonNames(t *testing.T) {
	seen := map[string]Reason{}
	for r := range NumReasons {
		name := r.String()
		if name == "" || name == "unknown reason" || r.Error() != name {
			t.Errorf("reason %d is called %q and %q", r, name, r.Error())
		}
		if other, dup := seen[name]; dup {
			t.Errorf("%d and %d are both called %q", r, other, name)
		}
		seen[name] = r
	}
	if got := NumReasons.String(); got != "unknown reason" {
		t.Errorf("behind the last reason: %q", got)
	}
}

func TestReasonRejected(t *testing.T) {
	rejected := map[Reason]bool{
		Fragment: true, BadTTL: true, BadDst: true, BadChecksum: true, RingFull: true, BadLength: true,
		BadVersion: true, BadType: true, BadAuthlen: true, BadVHID: true, BadDigest: true, OwnEcho: true,
		Duplicate: true, Limited: true,
	}
	for r := range NumReasons {
		if r.Rejected() != rejected[r] {
			t.Errorf("%v: %v", r, r.Rejected())
		}
	}
}
