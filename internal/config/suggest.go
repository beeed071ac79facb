package config

import (
	"slices"
	"strings"
)

// suggest is the key that was probably meant: what another program calls so,
// or the nearest spelling within two typing mistakes. Empty when none is near.
func suggest[T any](name string, keys []key[T]) string {
	name = strings.ToLower(strings.ReplaceAll(leadingWord.FindString(name), "-", "_"))
	best, nearest := "", min(2, len(name)/2)+1
	for _, k := range keys {
		if slices.Contains(k.also, name) {
			return k.name
		}
		if d := distance(name, k.name); d < nearest {
			best, nearest = k.name, d
		}
	}
	return best
}

// distance is the number of letters to insert, remove or replace (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		left, diagonal := i+1, i
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, left, row[j+1])
			}
			diagonal, row[j], left = row[j+1], left, cost
		}
		row[len(b)] = left
	}
	return row[len(b)]
}
