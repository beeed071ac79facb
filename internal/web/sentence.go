package web

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// sentence makes a sentence of words of the daemon, which begin small and end
// without a stop.
func sentence(words string) string {
	words = strings.TrimSpace(words)
	first, size := utf8.DecodeRuneInString(words)
	if size == 0 {
		return ""
	}
	words = string(unicode.ToUpper(first)) + words[size:]
	if strings.HasSuffix(words, ".") || strings.HasSuffix(words, "!") || strings.HasSuffix(words, "?") {
		return words
	}
	return words + "."
}
