package config

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"
)

// Bounds that no honest file comes near: 4,096 groups take half of maxFile.
// They keep the recursive parser from eating time and stack.
const (
	maxFile  = 1 << 20  // bytes
	maxLine  = 16 << 10 // bytes
	maxDepth = 16       // brackets inside each other
)

// readAll reads one byte more than is allowed, so that a file that is too
// long is noticed.
func readAll(r io.Reader) ([]byte, error) {
	return io.ReadAll(io.LimitReader(r, maxFile+1))
}

// normalise drops a byte order mark and the carriage returns of line ends, so
// that they count in no column and end up in no value.
func normalise(src []byte) []byte {
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	return bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n"))
}

// readable refuses what is no text before the parser sees it.
func (l *loader) readable(src []byte) bool {
	if len(src) > maxFile {
		l.wrong(place{1, 1}, "the file is too long", fmt.Sprintf("at most %d bytes", maxFile))
		return false
	}
	line := 0
	for text := range bytes.Lines(src) {
		line++
		if len(text) > maxLine {
			l.wrong(place{line, 1}, "the line is too long", fmt.Sprintf("at most %d bytes", maxLine))
			return false
		}
		if column, found := strange(text); found != "" {
			l.wrong(place{line, column}, found, "UTF-8 text without control characters; any bytes in a password_file")
			return false
		}
	}
	return true
}

// strange finds the first character of a line that YAML does not allow.
func strange(text []byte) (column int, found string) {
	for len(text) > 0 {
		column++
		r, size := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && size == 1:
			return column, "a byte that is not UTF-8"
		case r == '\ufeff':
			return column, "a byte order mark inside the file"
		case r < ' ' && r != '\t' && r != '\n', r >= 0x7f && r < 0xa0:
			return column, fmt.Sprintf("the control character %U", r)
		}
		text = text[size:]
	}
	return 0, ""
}
