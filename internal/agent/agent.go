package agent

import (
	"context"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/dataplane"
	"github.com/carpd/carpd/internal/demotion"
	"github.com/carpd/carpd/internal/iface"
	"github.com/carpd/carpd/internal/status"
	"github.com/carpd/carpd/internal/transport"
)

// Transport is what the loop needs to send and to hold the group joins.
type Transport interface {
	Join(ifindex int) error
	Rejoin(ifindex int) error
	Leave(ifindex int)
	SendAdvert(transport.Outgoing) error
	Announce(ifindex int, mac carp.MAC, addr netip.Addr, router bool) error
}

// Dataplane is what the loop needs of the kernel side.
type Dataplane interface {
	Attach(ifindex int, name string) (dataplane.Attachment, error)
	Look(ifindex int) (dataplane.Attachment, error)
	Detach(ifindex int) error
	SetLink(ifindex int, l dataplane.Link) error
	SetOwn(ifindex int, addrs []netip.Addr) error
	AddGroup(dataplane.Group) (dataplane.Slot, error)
	ReplaceGroup(dataplane.Slot, dataplane.Group) error
	RemoveGroup(dataplane.Slot) error
	SetState(dataplane.Slot, dataplane.State) error
	SetKeys(dataplane.Slot, []carp.Midstate) error
	SetInterval(dataplane.Slot, time.Duration)
	Sent(slot dataplane.Slot, counter uint64)
	Answer(dataplane.Slot, time.Time)
	Accept(dataplane.Slot, time.Time)
	Remember(dataplane.Slot, dataplane.Memory)
	Recall(dataplane.Slot) (dataplane.Memory, bool)
	Sweep() error
	Ready() <-chan struct{}
	Drain(func(dataplane.Event)) error
	Counters() (dataplane.Counters, error)
}

// Addresses is what the worker needs to put addresses and filter entries on an
// interface and to take away those that it put there.
type Addresses interface {
	AddAddress(ifindex int, addr netip.Addr) (ours bool, err error)
	DelAddress(ifindex int, addr netip.Addr) error
	AddPrefixRoute(ifindex int, p netip.Prefix) error
	DelPrefixRoute(ifindex int, p netip.Prefix) error
	AddFilter(ifindex int, mac carp.MAC) error
	AddEntry(ifindex int, mac carp.MAC) error
	DelFilter(ifindex int, mac carp.MAC) error
	SweepAddresses(claimed map[int][]iface.Claim) error
	SweepFilters(claimed map[int][]carp.MAC) error
}

// Deps are the edges that the loop stands between.
type Deps struct {
	Now       func() time.Time          // the boot clock
	Wall      func(time.Time) time.Time // the boot clock's instants for people
	Transport Transport
	Dataplane Dataplane
	Addresses Addresses
	Systems   <-chan iface.System
	Router    func(ifname string) bool // does the host forward IPv6 there
	Keeper    Keeper                   // of what survives a restart; nil keeps nothing
	Log       zerolog.Logger
}

// Agent runs the groups of one configuration.
type Agent struct {
	Deps
	cfg      *config.Config
	groups   map[string]*group
	bySlot   map[dataplane.Slot]*group
	carpdevs map[int]*carpdev
	sys      iface.System
	where    iface.Where
	alarms   alarms
	counter  uint64 // of the last advert sent
	requests chan func()
	jobs     chan func() // for the worker that changes addresses
	chores   chan func() // for the one that waits for drivers
	results  chan func() // what the workers have to tell the loop
	stopping bool
	retired  bool // ends without a word: another carpd goes on
	swept    bool // what the last carpd left is claimed, or gone
	retry    *alarm
	forwards *alarm
	looking  *alarm
	finding  *alarm // when addresses that are there without us are looked for

	book     demotion.Book
	expiring *alarm
	upkeep   upkeep
	off      map[string]bool // groups that are disabled, by name
	allOff   bool            // and those that a reload may bring
	saved    []byte          // what the keeper was given last
	saving   int             // writes that are under way

	posture atomic.Pointer[Posture]
	listed  atomic.Pointer[[]*group]
	devs    atomic.Pointer[[]status.Carpdev]
	awake   atomic.Int64 // the last turn of the loop, boot clock ns
	history history
}

// maxJobs is room for all jobs that can wait: of addresses each group has one at
// most, of chores each group and each carpdev a handful.
const maxJobs = 16384

// New makes an agent for a checked configuration. Nothing happens before Run.
func New(d Deps, cfg *config.Config) *Agent {
	a := &Agent{
		Deps:     d,
		cfg:      cfg,
		groups:   map[string]*group{},
		bySlot:   map[dataplane.Slot]*group{},
		carpdevs: map[int]*carpdev{},
		off:      map[string]bool{},
		requests: make(chan func()),
		jobs:     make(chan func(), maxJobs),
		chores:   make(chan func(), maxJobs),
		results:  make(chan func(), maxJobs),
	}
	a.history.init()
	a.relist()
	a.forwards = newAlarm(func(now time.Time) { a.lookAtForwarding(now) })
	a.alarms.set(a.forwards, a.Now().Add(forwardingLook))
	a.retry = newAlarm(func(time.Time) { a.lookAgain() })
	a.looking = newAlarm(a.lookAround)
	a.finding = newAlarm(func(time.Time) { a.findStanding() })
	a.expiring = newAlarm(a.expire)
	a.upkeep.look, a.upkeep.giveUp = newAlarm(a.lookOn), newAlarm(a.giveUp)
	a.upkeep.phase = status.MaintenanceOff
	for _, c := range cfg.Groups {
		a.addGroup(c)
	}
	a.publishPosture()
	a.restoreKept()
	return a
}

// do runs f in the loop and waits for it.
func (a *Agent) do(ctx context.Context, f func()) error {
	done := make(chan struct{})
	select {
	case a.requests <- func() { f(); close(done) }:
	case <-ctx.Done():
		return ctx.Err()
	}
	<-done // The loop is at it: whoever asked must know how it ended.
	return nil
}
