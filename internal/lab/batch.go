package lab

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// batchLen is how many frames one system call sends.
const batchLen = 64

// mmsghdr is struct mmsghdr of Linux: a message, and what became of it.
type mmsghdr struct {
	hdr unix.Msghdr
	len uint32
	_   [4]byte
}

// batch is a set of frames that are sent by one system call, in memory that is
// used again for the next set.
type batch struct {
	flood *Flood
	next  uint64 // number of the next frame
	bytes [batchLen][]byte
	iovs  [batchLen]unix.Iovec
	msgs  [batchLen]mmsghdr
}

// newBatch points every message at a buffer that holds the longest frame.
func newBatch(f *Flood) *batch {
	b, longest := &batch{flood: f}, 0
	for _, frame := range f.Frames {
		longest = max(longest, len(frame))
	}
	for i := range b.msgs {
		b.bytes[i] = make([]byte, longest)
		b.iovs[i].Base = unsafe.SliceData(b.bytes[i])
		b.msgs[i].hdr.Iov = &b.iovs[i]
		b.msgs[i].hdr.SetIovlen(1)
	}
	return b
}

// send sends the next n frames and tells how many went; an error is that of
// the frame behind them, which is not tried again.
func (b *batch) send(fd, n int) (sent int, err error) {
	for i := range n {
		b.fill(i, b.next+uint64(i))
	}
	for sent < n && err == nil {
		r, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(fd),
			uintptr(unsafe.Pointer(&b.msgs[sent])), uintptr(n-sent), 0, 0, 0)
		if errno != 0 {
			err = errno
		} else {
			sent += int(r)
		}
	}
	runtime.KeepAlive(b)
	b.next += uint64(sent)
	if err != nil && err != unix.EINTR {
		b.next++
	}
	return sent, err
}

// fill makes frame number i of the flood in place k.
func (b *batch) fill(k int, i uint64) {
	frame := b.flood.Frames[i%uint64(len(b.flood.Frames))]
	copy(b.bytes[k], frame)
	b.iovs[k].SetLen(len(frame))
	if b.flood.Vary != nil {
		b.flood.Vary(i, b.bytes[k][:len(frame)])
	}
}
