package agent

import (
	"testing"
	"time"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/config"
)

// The MAC that frames come to, and what a reload cannot change in place.
func TestFrameMAC(t *testing.T) {
	for b, want := range map[carp.Balancing]string{
		carp.BalanceNone: "00:00:5e:00:01:09", carp.BalanceARP: "00:00:5e:00:01:09", carp.BalanceIP: "01:00:5e:00:01:03",
		carp.BalanceIPStealth: "00:00:5e:00:01:03", carp.BalanceIPUnicast: "00:00:5e:00:01:03",
	} {
		c := config.Group{VHID: 9, Balancing: b, Nodes: []carp.VHID{3, 9}}
		if got := frameMAC(c).String(); got != want {
			t.Errorf("%v: %s, want %s", b, got, want)
		}
		more := c
		more.Nodes = []carp.VHID{3, 9, 11}
		lower := c
		lower.Nodes = []carp.VHID{2, 9}
		if beginsAnew(c, more) || beginsAnew(c, lower) != b.SharesFrames() {
			t.Errorf("%v: another node: %v, another first node: %v", b, beginsAnew(c, more), beginsAnew(c, lower))
		}
	}
}

// Where every node gets every frame nobody takes in what it may not answer.
func TestNoCreditForSharedFrames(t *testing.T) {
	then := time.Unix(1000, 0)
	for b, want := range map[carp.Balancing]time.Time{
		carp.BalanceNone: then, carp.BalanceARP: then, carp.BalanceIP: {}, carp.BalanceIPStealth: {}, carp.BalanceIPUnicast: {},
	} {
		g := group{cfg: config.Group{Balancing: b}}
		if got := g.acceptUntil(then); !got.Equal(want) {
			t.Errorf("%v: until %v", b, got)
		}
	}
}
