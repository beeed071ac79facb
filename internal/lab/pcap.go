package lab

import (
	"bufio"
	"fmt"
	"os"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// pcap is a capture file; a nil one takes nothing.
type pcap struct {
	file *os.File
	buf  *bufio.Writer
	w    *pcapgo.Writer
}

// createPcap opens a capture file; no name gives nil.
func createPcap(name string) (*pcap, error) {
	if name == "" {
		return nil, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, fmt.Errorf("create the capture file: %w", err)
	}
	p := &pcap{file: f, buf: bufio.NewWriter(f)}
	p.w = pcapgo.NewWriterNanos(p.buf)
	return p, p.w.WriteFileHeader(snapLen, layers.LinkTypeEthernet)
}

// write adds a frame. An error shows at the end as a short file: a capture
// must not disturb what it watches.
func (p *pcap) write(b []byte, at time.Time) {
	if p == nil {
		return
	}
	_ = p.w.WritePacket(gopacket.CaptureInfo{Timestamp: at, CaptureLength: len(b), Length: len(b)}, b)
}

// close ends the file.
func (p *pcap) close() {
	if p == nil {
		return
	}
	_ = p.buf.Flush()
	_ = p.file.Close()
}
