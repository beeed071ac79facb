package capture

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// source is a capture file of either format. A frame is good until the next
// one is read; io.EOF comes after the last.
type source interface {
	next() (frame, error)
}

type frame struct {
	link layers.LinkType
	info gopacket.CaptureInfo
	data []byte
}

// Magic numbers at the beginning of a file. That of pcapng reads the same in
// both byte orders.
const (
	magicNG   = 0x0a0d0d0a
	magicGzip = 0x1f8b
)

// open finds out which format a capture has.
func open(r io.Reader) (source, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	if magic, _ := br.Peek(2); len(magic) == 2 && binary.BigEndian.Uint16(magic) == magicGzip {
		z, err := gzip.NewReader(br)
		if err != nil {
			return nil, fmt.Errorf("read gzip: %w", err)
		}
		br = bufio.NewReaderSize(z, 64<<10)
	}
	magic, err := br.Peek(4)
	switch {
	case len(magic) == 0 && errors.Is(err, io.EOF):
		return nil, errors.New("the capture is empty")
	case len(magic) < 4:
		return nil, fmt.Errorf("read capture header: %w", midway(err))
	case binary.BigEndian.Uint32(magic) == magicNG:
		return openNG(br)
	}
	return openClassic(br, magic)
}

// classic is a pcap file: one link type for all.
type classic struct{ *pcapgo.Reader }

func openClassic(r io.Reader, magic []byte) (source, error) {
	switch binary.BigEndian.Uint32(magic) {
	case 0xa1b2c3d4, 0xd4c3b2a1, 0xa1b23c4d, 0x4d3cb2a1: // µs and ns, both byte orders
	default:
		return nil, fmt.Errorf("neither pcap nor pcapng: it begins with %x", magic)
	}
	p, err := pcapgo.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("read pcap header: %w", midway(err))
	}
	return classic{p}, nil
}

func (c classic) next() (frame, error) {
	data, info, err := c.ZeroCopyReadPacketData()
	if info.Length > 0 && err != nil {
		err = midway(err) // the header of the packet was there
	}
	return frame{c.LinkType(), info, data}, err
}

// ng is a pcapng file: each interface has its link type.
type ng struct{ *pcapgo.NgReader }

func openNG(r io.Reader) (source, error) {
	p, err := pcapgo.NewNgReader(r, pcapgo.NgReaderOptions{WantMixedLinkType: true})
	if err != nil {
		return nil, fmt.Errorf("read pcapng header: %w", midway(err))
	}
	return ng{p}, nil
}

func (n ng) next() (frame, error) {
	data, info, err := n.ZeroCopyReadPacketData()
	if err != nil {
		return frame{}, err
	}
	link, _ := info.AncillaryData[0].(layers.LinkType)
	return frame{link, info, data}, nil
}

// midway turns the end of the file, where more had to come, into an error of
// its own.
func midway(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
