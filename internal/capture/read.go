package capture

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// Read goes through a capture and yields a record for each packet of protocol
// 112, in the order of the file. An error is the last thing it yields, beside
// an empty record; what came before is good.
func Read(r io.Reader, keys Keyring) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		src, err := open(r)
		if err != nil {
			yield(Record{}, err)
			return
		}
		read(src, keys, yield)
	}
}

func read(src source, keys Keyring, yield func(Record, error) bool) {
	var skipped unread
	for n := 1; ; n++ {
		f, err := src.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			yield(Record{}, broken(n, err))
			return
		}
		if !supported(f.link) {
			skipped.add(f.link)
			continue
		}
		if p, ok := find(f.link, f.data); ok && !yield(record(n, f, p, keys), nil) {
			return
		}
	}
	if skipped.packets > 0 {
		yield(Record{}, skipped)
	}
}

// record is the record of packet n of the file.
func record(n int, f frame, p packet, keys Keyring) Record {
	r := judge(p, keys)
	r.Packet = n
	r.Time = shown(f.info.Timestamp)
	return r
}

// shown is the time of a packet, or none when the file names a year that JSON
// has no way to write.
func shown(t time.Time) time.Time {
	if y := t.UTC().Year(); y < 1 || y > 9999 {
		return time.Time{}
	}
	return t.UTC()
}

// supported reports whether frames of a link type can be read.
func supported(link layers.LinkType) bool {
	return firstLayer(link, nil) != gopacket.LayerTypeZero
}

// broken is the error for a file that cannot be read on from packet n.
func broken(n int, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the capture ends within packet %d: %w", n, err)
	}
	return fmt.Errorf("read packet %d: %w", n, err)
}

// unread is the error for packets of a link type that we know nothing of.
type unread struct {
	link    layers.LinkType // the first of them
	packets int
}

func (u *unread) add(link layers.LinkType) {
	if u.packets == 0 {
		u.link = link
	}
	u.packets++
}

func (u unread) Error() string {
	return fmt.Sprintf("%d packets not read: link type %d (%s) is none of Ethernet, Linux cooked, loopback or raw IP",
		u.packets, u.link, u.link)
}
