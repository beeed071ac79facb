package demo

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Colours of a terminal.
const (
	bold, dim        = "1", "2"
	red, green, cyan = "31", "32", "36"
)

// recent is how many of the last messages a terminal shows.
const recent = 8

// screen shows the timeline: redrawn in place on a terminal, line by line
// elsewhere.
type screen struct {
	out      io.Writer
	terminal bool
	colour   bool
	width    int
	start    time.Time

	mu       sync.Mutex // guards what follows
	title    string
	messages []string
	samples  []sample
	drawn    int // lines on the terminal that the next picture replaces
}

// newScreen makes one for the output of the options.
func newScreen(o Options) *screen {
	width := o.Width
	if width < 40 {
		width = 100
	}
	s := &screen{out: o.Out, terminal: o.Terminal, colour: o.Colour, width: width, start: time.Now()}
	s.title = "two routers, a switch and a client; the virtual addresses are 192.0.2.1 and 2001:db8::1"
	if !s.terminal {
		s.line("carpd demo: " + s.title)
	}
	return s
}

// paint colours a text when colours are wanted.
func (s *screen) paint(colour, text string) string {
	if !s.colour {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// line prints a line that stays.
func (s *screen) line(text string) { fmt.Fprintln(s.out, text) }

// round tells which round begins.
func (s *screen) round(i, of int) {
	s.mu.Lock()
	s.title = fmt.Sprintf("round %d of %d", i, of)
	s.mu.Unlock()
	if !s.terminal {
		s.line(fmt.Sprintf("-- round %d of %d", i, of))
	}
}

// say adds a message with the time since the beginning.
func (s *screen) say(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text = fmt.Sprintf("%7.2f  %s", time.Since(s.start).Seconds(), text)
	if !s.terminal {
		s.line(text)
		return
	}
	s.messages = append(s.messages, text)
	if len(s.messages) > recent {
		s.messages = s.messages[1:]
	}
	s.draw()
}

// show adds a sample to the picture.
func (s *screen) show(x sample) {
	if !s.terminal {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.samples = append(s.samples, x)
	if keep := s.width - label - 1; len(s.samples) > keep {
		s.samples = s.samples[len(s.samples)-keep:]
	}
	s.draw()
}

// end leaves the last picture where it is.
func (s *screen) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drawn = 0
}

// draw replaces the picture on the terminal.
func (s *screen) draw() {
	var b strings.Builder
	if s.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", s.drawn)
	}
	lines := s.picture()
	for _, l := range lines {
		b.WriteString("\r\x1b[2K" + l + "\n")
	}
	s.drawn = len(lines)
	_, _ = io.WriteString(s.out, b.String())
}

// label is how wide the beginning of a row of the picture is.
const label = 18

// picture is the timeline as lines.
func (s *screen) picture() []string {
	var now sample
	var r1, r2, client []byte
	for _, x := range s.samples {
		r1, r2 = append(r1, letterOf(x.states[0])), append(r2, letterOf(x.states[1]))
		client = append(client, levelOf(x.share))
		now = x
	}
	lines := []string{
		s.paint(bold, "carpd demo") + "  " + s.cut(s.title, 12),
		"",
		s.row("r1", now.states[0], r1),
		s.row("r2", now.states[1], r2),
		s.row("client", fmt.Sprintf("%3.0f %%", 100*now.share), client),
		s.paint(dim, s.cut("  M MASTER  b BACKUP  i INIT  x no carpd  z frozen  - cut off   # answered  + partly  . not   10 characters a second", 0)),
		"",
	}
	for i := range recent {
		text := ""
		if i < len(s.messages) {
			text = s.cut(s.messages[i], 0)
		}
		lines = append(lines, text)
	}
	return lines
}

// row is a line of the picture: a name, what is now, and what was.
func (s *screen) row(name, now string, letters []byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  %-7s %-8s", name, now)
	for len(letters) > 0 { // runs of the same letter are painted at once
		n := 1
		for n < len(letters) && letters[n] == letters[0] {
			n++
		}
		b.WriteString(s.letters(string(letters[:n])))
		letters = letters[n:]
	}
	return b.String()
}

// cut shortens a text to what fits beside some columns.
func (s *screen) cut(text string, taken int) string {
	if most := s.width - taken - 1; utf8.RuneCountInString(text) > most {
		return string([]rune(text)[:most])
	}
	return text
}

// letters colours a run of one letter of the strip.
func (s *screen) letters(run string) string {
	switch run[0] {
	case 'M':
		return s.paint(green, run)
	case '#':
		return s.paint(cyan, run)
	case '.', 'x', 'z', '-':
		return s.paint(red, run)
	default:
		return run
	}
}

// table prints the promises and returns how many were broken.
func (s *screen) table(rows []row, rounds int) (broken int) {
	measured := "measured"
	if rounds > 1 {
		measured = fmt.Sprintf("measured, median of %d", rounds)
	}
	s.line("")
	s.line(s.paint(bold, fmt.Sprintf("%-10s %-32s %-19s %s", "", "", "promised", measured)))
	for _, r := range rows {
		verdict := s.paint(green, "ok")
		switch {
		case !r.kept:
			verdict = s.paint(red, "BROKEN")
			broken++
		case r.promised == "":
			verdict = "  "
		}
		s.line(fmt.Sprintf("%-10s %-32s %-19s %-34s %s", r.step, r.what, r.promised, r.measured, verdict))
	}
	return broken
}
