#!/bin/sh
# Run every fuzz target for the given time each (default 60s). An input that is
# new is made smaller in a few attempts only: where goroutines make coverage
# differ from run to run, that would take the whole time.
set -eu
time=${1:-60s}
grep -rl '^func Fuzz' --include='*_test.go' . | while read -r file; do
	dir=$(dirname "$file")
	sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' "$file" | while read -r target; do
		echo "== $dir $target for $time"
		go test "$dir" -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 20x
	done
done
